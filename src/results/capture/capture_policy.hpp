#pragma once
#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/flat_parameters.hpp"
#include "federation/round_plan.hpp"

namespace medpfl {

/// Floating-point type of recorded values; rounding is IEEE, to nearest, ties to even.
enum class Precision { kFloat32, kFloat16, kBfloat16 };

/// "float32", "float16", "bfloat16".
std::vector<std::string> precision_names();
/// Throws ConfigError with the names known.
Precision parse_precision(const std::string& name);
std::string to_text(Precision precision);
int64_t value_bytes(Precision precision);

/// Calls f(T{}) with the C++ type of the precision.
template <class F>
auto with_type_of(Precision precision, const F& f) {
  switch (precision) {
    case Precision::kFloat16:
      return f(c10::Half{});
    case Precision::kBfloat16:
      return f(c10::BFloat16{});
    case Precision::kFloat32:
      break;
  }
  return f(float{});
}

/// Words of output.gradients.
std::vector<std::string> capture_policies();

/// What is recorded of the messages: section [output].
struct CapturePolicy {
  std::string gradients = "all";              ///< all | attacked | none
  std::optional<Selection> rounds, clients;   ///< empty: all
  std::vector<std::string> layers = {"all"};  ///< names or shell patterns of parameter tensors
  Precision precision = Precision::kFloat32;

  /// Whether messages of the hospital plan.hospitals[index] are recorded; never where none arrive.
  bool takes(const RoundPlan& plan, size_t index) const;
  /// Rows that a round adds: an update and its probes for each hospital taken.
  int64_t rows(const RoundPlan& plan) const;
};

/// A recorded parameter tensor: where it lies in a row of /gradients/values.
struct CapturedLayer {
  ParameterLayout::Entry tensor;  ///< in the flat vector of all parameters
  int64_t column = 0;             ///< of its first element in a recorded row
};

/// The tensors that the names and patterns ("conv1*", "fc.weight", "all") mean, in the order of the
/// layout, closed up. Throws ConfigError naming output.layers, what matches nothing and the nearest
/// name.
std::vector<CapturedLayer> select_layers(const ParameterLayout& layout,
                                         const std::vector<std::string>& patterns);

/// Values of a recorded row.
int64_t columns_of(const std::vector<CapturedLayer>& layers);

}  // namespace medpfl
