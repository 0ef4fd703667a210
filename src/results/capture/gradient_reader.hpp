#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/flat_parameters.hpp"
#include "h5/file.hpp"
#include "h5/virtual_rows.hpp"
#include "results/capture/capture_policy.hpp"
#include "results/capture/gradient_rows.hpp"

namespace medpfl {

/// Reads the messages that a run recorded, in any precision, directly from its segment files: a
/// virtual dataset would show a missing file as zeros. Used by one process.
class GradientReader {
 public:
  /// Opens a run, given its folder or its run.h5. Throws FormatError where there is no run or it
  /// recorded no messages.
  explicit GradientReader(const std::string& path);
  /// Reads from a run that is open already.
  explicit GradientReader(const h5::File& run);

  int64_t size() const { return rows_.size(); }  ///< recorded messages
  /// Returns what is known of each message; `images` are empty where the run is not complete.
  const GradientRows& rows() const { return rows_; }
  const ParameterLayout& layout() const { return layout_; }  ///< layout of the network's weights
  bool payload_is_gradient() const { return payload_is_gradient_; }

  /// Returns message `row`, all parameters, as float32. Throws FormatError where there is no such
  /// row, and where layers were not recorded or a file is missing or damaged, which it names.
  FlatParameters read(int64_t row);

 private:
  void read_columns(const h5::File& run);

  std::string where_;
  ParameterLayout layout_;
  GradientRows rows_;
  bool payload_is_gradient_ = true;
  Precision precision_ = Precision::kFloat32;
  std::string missing_layers_;
  std::optional<h5::VirtualRows> values_;
};

}  // namespace medpfl
