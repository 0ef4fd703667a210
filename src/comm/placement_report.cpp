#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "comm/rank_place.hpp"
#include "core/log.hpp"
#include "core/text.hpp"

namespace medpfl {
namespace {

// Ranks that share a line of the table.
struct Line {
  std::vector<int> ranks;
  std::set<int> local_ranks;
  std::vector<std::string> hosts;
  const RankPlace* place = nullptr;
};

std::vector<Line> fold(const std::vector<RankPlace>& places, bool across_hosts) {
  std::map<std::tuple<std::string, std::vector<int>, int, std::string>, size_t> known;
  std::vector<Line> lines;
  for (size_t r = 0; r < places.size(); ++r) {
    const RankPlace& p = places[r];
    const auto [at, is_new] = known.try_emplace(
        {across_hosts ? std::string() : p.host, p.cpus, p.threads, p.device}, lines.size());
    if (is_new) lines.emplace_back();
    Line& line = lines[at->second];
    line.place = &p;
    line.ranks.push_back(static_cast<int>(r));
    line.local_ranks.insert(p.local_rank);
    if (line.hosts.empty() || line.hosts.back() != p.host) line.hosts.push_back(p.host);
  }
  return lines;
}

std::string shortened(const std::string& text, size_t width) {
  return text.size() <= width ? text : text.substr(0, width - 3) + "...";
}

std::string ranges(const std::vector<int>& numbers) {
  return shortened(format_ranges(numbers), 24);
}

std::string hosts_of(const Line& line) {
  const std::set<std::string> distinct(line.hosts.begin(), line.hosts.end());
  if (distinct.size() == 1) return shortened(line.hosts.front(), 24);
  return fmt::format("{} +{}", shortened(line.hosts.front(), 18), distinct.size() - 1);
}

std::string on_cpus(const std::vector<int>& cpus) {
  return (cpus.size() == 1 ? "CPU " : "CPUs ") + ranges(cpus);
}

std::string more(size_t cases, const char* what) {
  return cases > 1 ? fmt::format(" (and so {} more {})", cases - 1, what) : "";
}

std::string crowded_ranks(const std::vector<RankPlace>& places) {
  std::vector<int> ranks;
  for (size_t r = 0; r < places.size(); ++r)
    if (!places[r].cpus.empty() && places[r].threads > static_cast<int>(places[r].cpus.size()))
      ranks.push_back(static_cast<int>(r));
  if (ranks.empty()) return "";
  const RankPlace& first = places[static_cast<size_t>(ranks.front())];
  return fmt::format(
      "rank {} on {} has {} threads on {}{}: mpirun binds a rank to one core by default; use "
      "mpirun --bind-to none or --map-by slot:PE={}, under Slurm srun --cpus-per-task={}",
      ranks.front(), first.host, first.threads, on_cpus(first.cpus), more(ranks.size(), "ranks"),
      first.threads, first.threads);
}

std::string shared_cpus(const std::vector<RankPlace>& places) {
  std::map<std::pair<std::string, int>, std::vector<int>> bound;
  for (size_t r = 0; r < places.size(); ++r)
    if (places[r].cpus.size() == 1)
      bound[{places[r].host, places[r].cpus.front()}].push_back(static_cast<int>(r));
  const auto shared = [](const auto& entry) { return entry.second.size() > 1; };
  const auto first = std::find_if(bound.begin(), bound.end(), shared);
  if (first == bound.end()) return "";
  const auto cases = static_cast<size_t>(std::count_if(bound.begin(), bound.end(), shared));
  return fmt::format(
      "ranks {} on {} are all bound to CPU {}{}: use mpirun --bind-to none, or "
      "srun --cpu-bind=cores with a CPU for each task",
      ranges(first->second), first->first.first, first->first.second, more(cases, "CPUs"));
}

std::string crowded_hosts(const std::vector<RankPlace>& places) {
  struct Host {
    int threads = 0;
    std::set<int> cpus;
  };
  std::map<std::string, Host> hosts;
  for (const RankPlace& place : places) {
    if (place.cpus.empty()) continue;
    hosts[place.host].threads += place.threads;
    hosts[place.host].cpus.insert(place.cpus.begin(), place.cpus.end());
  }
  const auto crowded = [](const auto& entry) {
    return entry.second.threads > static_cast<int>(entry.second.cpus.size());
  };
  const auto first = std::find_if(hosts.begin(), hosts.end(), crowded);
  if (first == hosts.end()) return "";
  const auto cases = static_cast<size_t>(std::count_if(hosts.begin(), hosts.end(), crowded));
  return fmt::format(
      "the ranks of {} have {} threads together on {} CPUs{}: start fewer ranks a host, or lower "
      "run.threads",
      first->first, first->second.threads, first->second.cpus.size(), more(cases, "hosts"));
}

std::string shared_gpus(const std::vector<RankPlace>& places) {
  std::map<std::string, std::vector<int>> users;
  for (size_t r = 0; r < places.size(); ++r)
    if (!places[r].device_uuid.empty()) users[places[r].device_uuid].push_back(static_cast<int>(r));
  const auto shared = [](const auto& entry) { return entry.second.size() > 1; };
  const auto first = std::find_if(users.begin(), users.end(), shared);
  if (first == users.end()) return "";
  const auto cases = static_cast<size_t>(std::count_if(users.begin(), users.end(), shared));
  const RankPlace& place = places[static_cast<size_t>(first->second.front())];
  return fmt::format(
      "ranks {} share the GPU {} ({}) of {}{}: start as many ranks a host as it has GPUs, and "
      "under Slurm use --gpus-per-node with --gpu-bind=none",
      ranges(first->second), first->first, place.device, place.host, more(cases, "GPUs"));
}

}  // namespace

std::string placement_table(const std::vector<RankPlace>& places, size_t most_lines) {
  std::vector<Line> lines = fold(places, false);
  if (lines.size() > most_lines) lines = fold(places, true);
  std::string out = fmt::format("{:<24} {:<24} {:<10} {:<24} {:>7}  {}\n", "ranks", "host",
                                "local rank", "CPU set", "threads", "device");
  const size_t shown = lines.size() > most_lines ? most_lines - 1 : lines.size();
  for (size_t i = 0; i < shown; ++i) {
    const Line& line = lines[i];
    const std::vector<int> local(line.local_ranks.begin(), line.local_ranks.end());
    out += fmt::format("{:<24} {:<24} {:<10} {:<24} {:>7}  {}\n", ranges(line.ranks),
                       hosts_of(line), shortened(format_ranges(local), 10),
                       line.place->cpus.empty() ? "unknown" : ranges(line.place->cpus),
                       line.place->threads, line.place->device);
  }
  size_t hidden = 0;
  for (size_t i = shown; i < lines.size(); ++i) hidden += lines[i].ranks.size();
  if (hidden > 0) out += fmt::format("{} more ranks: see /environment of run.h5\n", hidden);
  return out;
}

std::vector<std::string> placement_warnings(const std::vector<RankPlace>& places) {
  std::vector<std::string> out = {crowded_ranks(places), shared_cpus(places)};
  // Where ranks may run on few CPUs only, that is why a host is crowded, and what must be changed.
  if (out[0].empty() && out[1].empty()) out.push_back(crowded_hosts(places));
  out.push_back(shared_gpus(places));
  out.erase(std::remove(out.begin(), out.end(), std::string()), out.end());
  return out;
}

std::string placement_fallback(const std::vector<RankPlace>& places) {
  const auto fell_back = [](const RankPlace& place) { return !place.missing_gpu.empty(); };
  const auto first = std::find_if(places.begin(), places.end(), fell_back);
  if (first == places.end()) return "";
  const auto cases = static_cast<size_t>(std::count_if(places.begin(), places.end(), fell_back));
  return fmt::format("run.device=auto: rank {} on {} computes on the CPU{}, because {}",
                     first - places.begin(), first->host, more(cases, "ranks"), first->missing_gpu);
}

void log_placement(const std::vector<RankPlace>& places) {
  std::string table = placement_table(places, 20);
  table.pop_back();  // the log ends the line
  log_info("placement\n" + table);
  if (const std::string fallback = placement_fallback(places); !fallback.empty())
    log_info(fallback);
  for (const std::string& warning : placement_warnings(places)) log_warning(warning);
}

}  // namespace medpfl
