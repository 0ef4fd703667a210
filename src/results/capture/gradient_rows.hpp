#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/archive.hpp"

namespace medpfl {

/// What is known of the captured gradients besides their values; on rank 0. One entry a row.
struct GradientRows {
  std::vector<int64_t> round, client, probe, examples, steps;
  std::vector<double> norm, loss;
  std::vector<std::vector<int64_t>> images;  ///< positions in the training split

  int64_t size() const { return static_cast<int64_t>(round.size()); }
  void keep(Archive& a);
};

/// A closed segment file of captured gradients.
struct GradientSegment {
  std::string file;  ///< relative to the run's folder
  int64_t rows = 0;

  /// Names its fields; see Archive.
  template <class Fields>
  void keep(Fields& f) {
    f("file", &file);
    f("rows", &rows);
  }
};

}  // namespace medpfl
