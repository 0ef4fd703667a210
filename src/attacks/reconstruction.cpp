#include "attacks/reconstruction.hpp"

namespace medpfl {

void Reconstruction::keep(Archive& a) {
  a.version(1);
  a("images", &images);
  a("labels", &labels);
  a("status", &status);
  a("objective", &objective);
  a("matching_loss", &matching_loss);
  a("iterations", &iterations);
  a("evaluations", &evaluations);
  a("seconds", &seconds);
  a("memory_growth", &memory_growth);
  a("trace_iterations", &trace_iterations);
  a("trace", &trace);
  a("terms", &terms);
  a("trace_terms", &trace_terms);
  a("snapshot_iterations", &snapshot_iterations);
  a("snapshots", &snapshots);
}

void pack(Reconstruction r, ByteWriter* out) {
  out->text(Archive::write([&](Archive& a) { r.keep(a); }));
}

Reconstruction unpack_reconstruction(ByteReader* in) {
  Reconstruction r;
  Archive::read(in->text(), {"a reconstruction", "resume with the program that wrote it"},
                [&](Archive& a) { r.keep(a); });
  return r;
}

}  // namespace medpfl
