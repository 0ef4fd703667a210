#include "results/resume/weight_log.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "results/folder/durable_file.hpp"
#include "results/folder/run_folder.hpp"

namespace medpfl {

void WeightLog::add(const FlatParameters& weights) {
  size_ = weights.size();
  waiting_.insert(waiting_.end(), weights.data(), weights.data() + size_);
}

bool WeightLog::full() const {
  return static_cast<int64_t>(waiting_.size() * sizeof(float)) >= kFullBytes;
}

void WeightLog::cut() {
  if (waiting_.empty()) return;
  make_folder(folder_ + "/weights");
  const std::string name = fmt::format("weights/segment-{:05d}.h5", blocks_.size());
  const std::string partial = folder_ + "/weights/segment.partial";
  const int64_t rows = static_cast<int64_t>(waiting_.size()) / size_;
  try {
    h5::File file = h5::File::create(partial);
    file.write("/weights", waiting_, {rows, size_}, {"global models", "1", {"round", "parameter"}});
    file.close();
  } catch (const FormatError& error) {
    throw OutputError(fmt::format("cannot write {}/{}: {}", folder_, name, error.what()));
  }
  publish_file(partial, folder_ + "/" + name);
  blocks_.push_back({name, "/weights", rows});
  rows_ += rows;
  waiting_.clear();
}

void WeightLog::keep(Archive& a) {
  a.version(1);
  a("segments", &blocks_);
  if (!a.reading()) return;
  rows_ = 0;
  for (const h5::VirtualBlock& block : blocks_) rows_ += block.rows;
}

void WeightLog::remove_unknown() const {
  std::vector<std::string> known;
  for (const h5::VirtualBlock& block : blocks_) known.push_back(block.file);
  remove_other_files(folder_, "weights", known);
}

}  // namespace medpfl
