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

}  // namespace medpfl
