#include "defenses/wire.hpp"

#include <algorithm>

namespace medpfl {

std::vector<std::string> wire_form_names() { return {"dense", "bitmap", "index"}; }

WireCost cheapest_form(int64_t entries, int64_t zeros, int64_t tensors,
                       const NumberFormat& format) {
  const auto bytes = [](int64_t bits) { return (bits + 7) / 8; };
  const int64_t kept = entries - zeros;
  const int64_t values = bytes(kept * format.bits);
  WireCost best{WireForm::kBitmap, bytes(entries) + values};
  if (format.has_zero || zeros == 0) {
    const int64_t dense = bytes(entries * format.bits);
    if (dense <= best.bytes) best = {WireForm::kDense, dense};
  }
  if (4 * kept + values < best.bytes) best = {WireForm::kIndex, 4 * kept + values};
  best.bytes += tensors * format.tensor_bytes;
  return best;
}

DefenseReport measure(const FlatParameters& update, int64_t entries, const NumberFormat& format) {
  DefenseReport report;
  report.norm_after = update.norm(entries);
  report.entries = entries;
  report.zeros = std::count(update.data(), update.data() + entries, 0.0F);
  int64_t tensors = 0;
  for (const ParameterLayout::Entry& entry : update.layout().entries())
    if (entry.offset < entries) ++tensors;
  report.cost = cheapest_form(entries, report.zeros, tensors, format);
  return report;
}

}  // namespace medpfl
