#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/flat_parameters.hpp"

namespace medpfl {

/// How the values of a message are encoded.
struct NumberFormat {
  std::string name = "float32";
  int64_t bits = 32;         ///< bits of one value
  int64_t tensor_bytes = 0;  ///< further bytes for each tensor, for its scale
  bool has_zero = true;      ///< whether zero is a value; else a message must say where zeros are
};

/// How a message says which of its entries are not zero.
enum class WireForm : int64_t {
  kDense,   ///< not at all: every entry is sent
  kBitmap,  ///< one bit for every entry
  kIndex,   ///< 32 bits for every entry that is not zero
};

/// Returns the names of the wire forms, by the number of the form.
std::vector<std::string> wire_form_names();

/// What a message costs on the wire: its form and its size in bytes.
struct WireCost {
  WireForm form = WireForm::kDense;
  int64_t bytes = 0;

  /// Names its fields; see Archive.
  template <class Fields>
  void keep(Fields& f) {
    f("form", &form);
    f("bytes", &bytes);
  }
};

/// Returns the cheapest form for `entries` values, `zeros` of them zero, in `tensors` tensors; of
/// equally cheap forms the first. Entropy coding and headers are not counted.
WireCost cheapest_form(int64_t entries, int64_t zeros, int64_t tensors, const NumberFormat& format);

/// What one defense did to the entries of a message that are sent, and what the message costs on
/// the wire after the defense.
struct DefenseReport {
  double norm_before = 0, norm_after = 0;  ///< L2 norms
  int64_t entries = 0, zeros = 0;          ///< zeros: those after the defense
  WireCost cost;

  /// Names its fields; see Archive.
  template <class Fields>
  void keep(Fields& f) {
    f("norm_before", &norm_before);
    f("norm_after", &norm_after);
    f("entries", &entries);
    f("zeros", &zeros);
    f("cost", &cost);
  }
};

/// Returns a report of all but norm_before, for an update whose first `entries` values are sent.
DefenseReport measure(const FlatParameters& update, int64_t entries, const NumberFormat& format);

}  // namespace medpfl
