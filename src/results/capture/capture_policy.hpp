#pragma once
#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/flat_parameters.hpp"
#include "core/words.hpp"
#include "federation/round_plan.hpp"

namespace medpfl {

/// The floating-point type of recorded values, which are rounded to nearest, ties to even.
enum class Precision { kFloat32, kFloat16, kBfloat16 };
const Words<Precision>& words_of(Precision);
/// Returns the bytes of a recorded value.
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

/// Whose messages are recorded: those of all hospitals, of attacked ones, or of none.
enum class CapturedMessages { kAll, kAttacked, kNone };
const Words<CapturedMessages>& words_of(CapturedMessages);

/// Which messages are recorded, and what of each: the options of section [output].
struct CapturePolicy {
  CapturedMessages gradients = CapturedMessages::kAll;
  std::optional<Selection> rounds, clients;   ///< none: all rounds, all hospitals
  std::vector<std::string> layers = {"all"};  ///< names or shell patterns of parameter tensors
  Precision precision = Precision::kFloat32;

  /// Whether messages of hospital plan.clients[index] are recorded; never where none arrive.
  bool takes(const RoundPlan& plan, size_t index) const;
  /// Returns how many rows a round adds: the update and the probes of each hospital that is
  /// recorded.
  int64_t rows(const RoundPlan& plan) const;
};

/// A recorded parameter tensor, and where it is in a row of /gradients/values.
struct CapturedLayer {
  ParameterLayout::Entry tensor;  ///< its entry in the layout of all parameters
  int64_t column = 0;             ///< column of its first element
};

/// Returns the tensors that names and patterns ("conv1*", "fc.weight", "all") select, in the order
/// of the layout, in columns without gaps. Throws ConfigError that names output.layers, a pattern
/// without a match and the nearest name.
std::vector<CapturedLayer> select_layers(const ParameterLayout& layout,
                                         const std::vector<std::string>& patterns);

/// Returns how many values a recorded row has.
int64_t columns_of(const std::vector<CapturedLayer>& layers);

}  // namespace medpfl
