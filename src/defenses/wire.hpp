#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/flat_parameters.hpp"

namespace medpfl {

/// How the values of a message are written.
struct NumberFormat {
  std::string name = "float32";
  int64_t bits = 32;         ///< of one value
  int64_t tensor_bytes = 0;  ///< besides, for each tensor: its scale
  bool has_zero = true;      ///< false: a message with zeros must say where they are
};

/// What says where the entries are that are not zero.
enum class WireForm : int64_t {
  kDense,   ///< nothing: every entry is sent
  kBitmap,  ///< one bit for every entry
  kIndex,   ///< 32 bits for every entry that is not zero
};

/// "dense", "bitmap", "index": by the number of the form.
std::vector<std::string> wire_form_names();

/// A message on the wire.
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

/// The cheapest form for `entries` values, `zeros` of them zero, in `tensors` tensors; of equal
/// ones the first. No entropy coding, no headers.
WireCost cheapest_form(int64_t entries, int64_t zeros, int64_t tensors, const NumberFormat& format);

/// What one defense did to a message, and what the message as it left takes on the wire. Of the
/// entries that are sent.
struct DefenseReport {
  double norm_before = 0, norm_after = 0;  ///< L2
  int64_t entries = 0, zeros = 0;          ///< zeros: after
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

/// All but norm_before, for an update whose first `entries` values are sent.
DefenseReport measure(const FlatParameters& update, int64_t entries, const NumberFormat& format);

}  // namespace medpfl
