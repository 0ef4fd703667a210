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

/// Reads the gradients a run recorded, whatever the precision, straight from its segment files: a
/// virtual dataset would show a missing file as zeros. Used by one process.
class GradientReader {
 public:
  /// `path`: a run's folder or its run.h5. Throws FormatError: no run, or none recorded.
  explicit GradientReader(const std::string& path);
  /// Of a run that is open already.
  explicit GradientReader(const h5::File& run);

  int64_t size() const { return rows_.size(); }  ///< recorded messages
  /// What is known of each; `images` are empty where the run is not complete.
  const GradientRows& rows() const { return rows_; }
  const ParameterLayout& layout() const { return layout_; }  ///< of the network
  bool payload_is_gradient() const { return payload_is_gradient_; }

  /// Message `row`, all parameters, as float32. Throws FormatError: no such row, layers that were
  /// not recorded (naming them), a missing or damaged file (naming it).
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
