#include "federation/image_faults.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "core/bytes.hpp"
#include "core/text.hpp"

namespace medpfl {
namespace {

constexpr size_t kListed = 10;

std::vector<ImageSources::Group> groups_of(const ImageSources& sources) {
  std::vector<ImageSources::Group> groups = {sources.train(), sources.test()};
  if (sources.open_split == Split::kPublic) groups.push_back(sources.open());
  return groups;
}

int64_t count_images(const ImageSources& sources) {
  int64_t count = 0;
  for (const ImageSources::Group& group : groups_of(sources)) count += group.images.size();
  return count;
}

std::vector<GroupFault> unpack_faults(const std::string& bytes) {
  std::vector<GroupFault> faults;
  for (ByteReader in(bytes); !in.done();) {
    const auto group = in.value<uint64_t>();
    const auto position = in.value<int64_t>();
    std::string reason = in.text();
    faults.push_back({static_cast<size_t>(group), {position, std::move(reason), in.text()}});
  }
  return faults;
}

}  // namespace

std::vector<GroupFault> find_all_faults(const Communicator& comm, const Dataset& dataset,
                                        const ImageSources& sources, Look look) {
  std::string mine;
  comm.agree([&] {
    ByteWriter out;
    const std::vector<ImageSources::Group> groups = groups_of(sources);
    for (size_t g = 0; g < groups.size(); ++g) {
      std::vector<int64_t> positions;
      for (int64_t i = comm.rank(); i < groups[g].images.size(); i += comm.size())
        positions.push_back(i);
      for (const ImageFault& fault :
           dataset.find_faults(sources.manifest_of(groups[g]), groups[g].split, positions, look)) {
        out.value(uint64_t{g});
        out.value(fault.position);
        out.text(fault.reason);
        out.text(fault.message);
      }
    }
    mine = out.take();
  });
  const std::string all = comm.broadcast(join(comm.gather(mine), ""));
  std::vector<GroupFault> faults = unpack_faults(all);
  std::sort(faults.begin(), faults.end(), [](const GroupFault& a, const GroupFault& b) {
    return std::pair(a.group, a.fault.position) < std::pair(b.group, b.fault.position);
  });
  return faults;
}

std::string list_faults(const std::vector<GroupFault>& faults, const ImageSources& sources) {
  std::string out =
      fmt::format("{} of {} images cannot be read; data.on_error=skip leaves them out{}",
                  faults.size(), count_images(sources),
                  faults.size() > kListed ? fmt::format("; the first {}:", kListed) : ":");
  for (size_t i = 0; i < std::min(faults.size(), kListed); ++i)
    out += "\n" + faults[i].fault.message;
  return out;
}

std::string remark_on_skipped(const std::vector<GroupFault>& faults, const ImageSources& sources) {
  std::map<std::string, int64_t> counts;
  for (const GroupFault& found : faults) ++counts[found.fault.reason];
  std::vector<std::string> parts;
  for (const auto& [reason, count] : counts) parts.push_back(fmt::format("{}: {}", count, reason));
  return fmt::format("data.on_error=skip left out {} of {} images that cannot be read ({})",
                     faults.size(), count_images(sources), join(parts, "; "));
}

}  // namespace medpfl
