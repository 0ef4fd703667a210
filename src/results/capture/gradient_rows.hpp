#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/archive.hpp"

namespace medpfl {

/// What is known of the recorded messages besides their values, one entry for each row. Lives on
/// rank 0.
struct GradientRows {
  std::vector<int64_t> round, client, probe, examples, steps;
  std::vector<double> norm, loss;
  std::vector<int64_t> checksum;             ///< h5::row_checksum of the values; -1: not known
  std::vector<std::vector<int64_t>> images;  ///< positions in the training split

  int64_t size() const { return static_cast<int64_t>(round.size()); }
  void keep(Archive& a);
};

/// A closed segment file of recorded messages.
struct GradientSegment {
  std::string file;  ///< relative to the run's folder
  int64_t rows = 0;

  /// Names the fields of a segment; see Archive.
  template <class Fields>
  void keep(Fields& f) {
    f("file", &file);
    f("rows", &rows);
  }
};

}  // namespace medpfl
