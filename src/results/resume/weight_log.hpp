#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/archive.hpp"
#include "core/flat_parameters.hpp"
#include "h5/file.hpp"

namespace medpfl {

/// Records the global model after every round in files `folder`/weights/segment-NNNNN.h5 of some
/// rounds each, so that neither memory nor the writing of run.h5 grows with the rounds. Lives on
/// rank 0.
class WeightLog {
 public:
  static constexpr int64_t kFullBytes = int64_t{64} << 20;

  explicit WeightLog(std::string folder) : folder_(std::move(folder)) {}

  void add(const FlatParameters& weights);
  /// Whether the models that wait in memory fill a segment and should be written.
  bool full() const;
  /// Writes the models that wait in memory into a segment of their own. Throws OutputError.
  void cut();

  /// Returns how many models are in segments.
  int64_t rows() const { return rows_; }
  const std::vector<h5::VirtualBlock>& blocks() const { return blocks_; }

  /// Writes or reads which segments there are. Models that wait in memory are not part of the
  /// state: cut() must come before.
  void keep(Archive& a);
  /// Removes segments written after the checkpoint that was restored.
  void remove_unknown() const;

 private:
  std::string folder_;
  std::vector<float> waiting_;
  int64_t size_ = 0;  // values of one model
  int64_t rows_ = 0;
  std::vector<h5::VirtualBlock> blocks_;
};

}  // namespace medpfl
