#include "attacks/reconstruction.hpp"

#include "core/tensor_bytes.hpp"

namespace medpfl {

void pack(const Reconstruction& r, ByteWriter* out) {
  pack_tensor(r.images, out);
  out->array(r.labels);
  out->text(r.status);
  out->value(r.objective);
  out->value(r.matching_loss);
  out->value(r.iterations);
  out->value(r.evaluations);
  out->value(r.seconds);
  out->value(r.memory_growth);
  out->array(r.trace_iterations);
  out->array(r.trace);
  out->texts(r.terms);
  out->array(r.trace_terms);
  out->array(r.snapshot_iterations);
  for (const at::Tensor& snapshot : r.snapshots) pack_tensor(snapshot, out);
}

Reconstruction unpack_reconstruction(ByteReader* in) {
  Reconstruction r;
  r.images = unpack_tensor(in);
  r.labels = in->array<int64_t>();
  r.status = in->text();
  r.objective = in->value<double>();
  r.matching_loss = in->value<double>();
  r.iterations = in->value<int64_t>();
  r.evaluations = in->value<int64_t>();
  r.seconds = in->value<double>();
  r.memory_growth = in->value<int64_t>();
  r.trace_iterations = in->array<int64_t>();
  r.trace = in->array<double>();
  r.terms = in->texts();
  r.trace_terms = in->array<double>();
  r.snapshot_iterations = in->array<int64_t>();
  for (size_t i = 0; i < r.snapshot_iterations.size(); ++i)
    r.snapshots.push_back(unpack_tensor(in));
  return r;
}

}  // namespace medpfl
