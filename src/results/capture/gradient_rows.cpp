#include "results/capture/gradient_rows.hpp"

namespace medpfl {

void GradientRows::save(ByteWriter* out) const {
  for (const auto* column : {&round, &client, &probe, &examples, &steps}) out->array(*column);
  for (const auto* column : {&norm, &loss}) out->array(*column);
  for (const std::vector<int64_t>& list : images) out->array(list);
}

void GradientRows::restore(ByteReader* in) {
  for (auto* column : {&round, &client, &probe, &examples, &steps}) *column = in->array<int64_t>();
  for (auto* column : {&norm, &loss}) *column = in->array<double>();
  images.resize(round.size());
  for (std::vector<int64_t>& list : images) list = in->array<int64_t>();
}

}  // namespace medpfl
