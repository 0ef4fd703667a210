#include "study/dry_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <numeric>

#include "attacks/engines/matching_engine.hpp"
#include "campaign/task_budget.hpp"
#include "config/first_weights.hpp"
#include "core/bytes.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "federation/privacy_ledger.hpp"
#include "privacy/identification_bound.hpp"
#include "results/run/privacy_summary.hpp"
#include "results/run/recorded_run.hpp"
#include "study/file_estimate.hpp"
#include "study/forewarnings.hpp"
#include "study/memory_estimate.hpp"
#include "study/privacy_of_rounds.hpp"
#include "study/sizes.hpp"

namespace medpfl {
namespace {

std::string size_text(int64_t bytes) {
  const auto value = static_cast<double>(bytes);
  if (bytes >= int64_t{1} << 30) return fmt::format("{:.1f} GiB", value / (int64_t{1} << 30));
  if (bytes >= int64_t{1} << 20) return fmt::format("{:.1f} MiB", value / (int64_t{1} << 20));
  return fmt::format("{:.1f} KiB", value / 1024);
}

struct Spread {
  int64_t least = 0, most = 0;
  double mean = 0;
};

Spread spread(const std::vector<int64_t>& values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  double sum = 0;
  for (const int64_t v : values) sum += static_cast<double>(v);
  return {*low, *high, sum / static_cast<double>(values.size())};
}

std::string count_line(const std::string& what, const std::vector<int64_t>& values) {
  const Spread s = spread(values);
  return fmt::format("{:<28} {:>12} {:>12.1f} {:>12}\n", what, s.least, s.mean, s.most);
}

std::string work_of_ranks(const FederatedData& data, int ranks,
                          const std::vector<MemoryParts>& memory) {
  std::vector<int64_t> clients(static_cast<size_t>(ranks)), images(clients), total;
  for (size_t h = 0; h < data.placement.size(); ++h) {
    const auto rank = static_cast<size_t>(data.placement[h]);
    ++clients[rank];
    images[rank] += data.shard_sizes[h];
  }
  for (const MemoryParts& parts : memory) {
    total.push_back(0);
    for (const auto& part : parts) total.back() += part.second;
  }
  const Spread bytes = spread(total);
  const auto largest = std::max_element(total.begin(), total.end()) - total.begin();
  std::string out =
      fmt::format("{:<28} {:>12} {:>12} {:>12}\n", "of each rank", "least", "mean", "most");
  out += count_line("hospitals", clients) + count_line("training images", images);
  out += fmt::format("{:<28} {:>12} {:>12} {:>12}\n", "main memory, about", size_text(bytes.least),
                     size_text(static_cast<int64_t>(bytes.mean)), size_text(bytes.most));
  out += fmt::format("\nmain memory of rank {}\n", largest);
  for (const auto& [name, part] : memory[static_cast<size_t>(largest)])
    out += fmt::format("  {:<26} {:>12}\n", name, size_text(part));
  return out;
}

std::string files(const Settings& settings, const RunCounts& counts, const FileSizes& sizes) {
  std::string out = fmt::format("files in {}\n", settings.output);
  const auto line = [&](const char* name, int64_t bytes, int64_t n, const char* what) {
    out += fmt::format("  {:<26} {:>12}  {} {}\n", name, size_text(bytes), n, what);
  };
  const CaptureEstimate& capture = sizes.capture;
  line("gradients/segment-*.h5", capture.value_bytes, capture.rows, "gradients");
  line("gradients/images.h5", capture.image_bytes, capture.images, "images");
  line("weights/segment-*.h5", sizes.weights, settings.weights ? settings.federation.rounds + 1 : 0,
       "models");
  if (sizes.client_states > 0)
    line("states/round-*.h5", sizes.client_states,
         std::accumulate(counts.participants.begin(), counts.participants.end(), int64_t{0}),
         "hospitals, three times");
  if (sizes.scratch > 0)
    line("states/scratch.*", sizes.scratch, static_cast<int64_t>(counts.participants.size()),
         "ranks, beyond federation.state_memory; gone at the end");
  line("run.h5, reconstructions", sizes.reconstructions, counts.reconstructed,
       "images, twice while it is replaced");
  line("checkpoint*.h5, each at most", sizes.checkpoint, 3,
       "files while one is replaced; gone at the end");
  return out;
}

// Returns lines on the epsilon of the whole run, on the bound beside it, and on the noise that
// would keep it at 1, 2, 4 or 8.
std::string privacy(const Settings& s, const FederatedData& data, const Model& model,
                    const Algorithm& algorithm) {
  const auto ledger = PrivacyLedger::make(s.federation, algorithm, s.defenses,
                                          model.layout().size(), s.seeds.clients, data.shard_sizes);
  if (ledger == nullptr) return "";
  add_rounds(s, s.seeds, data.shard_sizes, s.federation.rounds, ledger.get());
  const Epsilon end = ledger->greatest().back();
  std::string out = fmt::format(
      "privacy\n  epsilon {:.4g} (classic {:.4g}) at delta {} after {} rounds: {}\n", end.tight,
      end.classic, shortest(ledger->delta()), s.federation.rounds, ledger->claim());
  const PrivacyLedger::Identification bound = ledger->identification().back();
  out += "  " + identification_line(kBoundCandidates, bound.sampled, bound.present);
  for (const double epsilon : {1.0, 2.0, 4.0, 8.0})
    if (const double sigma = ledger->sigma_for(epsilon); sigma > 0)
      out += fmt::format("  for epsilon {}: a constant sigma of {:.4g} times the bound\n", epsilon,
                         sigma);
  return out + "\n";
}

// Returns a line on the attacks and what they may spend.
std::string attack_line(const Settings& settings, const RunCounts& counts) {
  return fmt::format(
      "{} attack tasks on {} messages{} take at most {} evaluations, on {}\n", counts.tasks,
      counts.attacked,
      counts.attacked_probes > 0 ? fmt::format(" ({} of them probes)", counts.attacked_probes) : "",
      counts.evaluations, settings.attack.all_ranks ? "all ranks" : "rank 0");
}

std::vector<MemoryParts> gather(const Communicator& comm, const MemoryParts& mine) {
  ByteWriter out;
  for (const auto& [name, bytes] : mine) {
    out.text(name);
    out.value(bytes);
  }
  std::vector<MemoryParts> all;
  for (const std::string& text : comm.gather(out.take())) {
    ByteReader in(text);
    all.emplace_back();
    while (!in.done()) {
      const std::string name = in.text();
      all.back().emplace_back(name, in.value<int64_t>());
    }
  }
  return all;
}

}  // namespace

void dry_run(const RunContext& context) {
  const Communicator& comm = context.comm;
  const Config& config = context.config;
  const Settings& settings = context.settings;
  const std::vector<RankPlace> places = gather_places(comm, context.place);
  const FederatedData data =
      plan_federated_data(comm, *settings.dataset, settings.federated_data, settings.federation);
  std::unique_ptr<Model> model;
  std::unique_ptr<Algorithm> algorithm;
  RunCounts counts;
  MemoryParts mine;
  comm.agree([&] {
    model = std::make_unique<Model>(make_model(config, settings, data.classes()));
    model->compute_on(context.place.compute_device());
    if (comm.is_root()) make_first_weights(settings, *model);
    if (!settings.attack.methods.empty()) choose_engine(settings.attack_request.engine, *model);
    algorithm = make_algorithm(config, settings, *model, settings.seeds);
    counts = count_run(settings, data, *model, *algorithm, comm.size());
    mine = estimate_memory(settings, data, *model, counts, comm.rank(), comm.size());
  });
  const std::vector<MemoryParts> memory = gather(comm, mine);
  if (!comm.is_root()) return;
  fmt::print(
      "{}\n{} training and {} test images in {} classes, {} hospitals, {} ranks; {} with {} "
      "parameters\n\n{}\n{}\n{}{}\nnothing was written\n",
      placement_table(places, 20), data.train_labels.size(), data.test_labels.size(),
      data.classes(), data.client_count(), comm.size(), model->name(), model->layout().size(),
      work_of_ranks(data, comm.size(), memory), attack_line(settings, counts),
      privacy(settings, data, *model, *algorithm),
      files(settings, counts, estimate_files(settings, data, *model, counts)));
  if (const std::string fallback = placement_fallback(places); !fallback.empty())
    log_info(fallback);
  for (const std::string& warning : placement_warnings(places)) log_warning(warning);
  warn_of_untested(settings);
  warn_of_local_steps(settings, most_local_steps(settings, data));
}

void dry_run_attack(const RunContext& context, const std::string& input) {
  RunCounts counts;
  context.comm.agree([&] {
    if (!context.comm.is_root()) return;
    for (const int64_t probe : RecordedRun(input).probes_of(*context.settings.targets)) {
      const AttacksOnMessage attacks = attacks_on(context.settings.attack, probe);
      ++counts.attacked;
      counts.attacked_probes += probe >= 0 ? 1 : 0;
      counts.tasks += attacks.methods * context.settings.attack.restarts;
      counts.evaluations += attacks.evaluations;
    }
  });
  if (!context.comm.is_root()) return;
  fmt::print("{}\nnothing was written\n", attack_line(context.settings, counts));
  warn_of_untested(context.settings);
}

}  // namespace medpfl
