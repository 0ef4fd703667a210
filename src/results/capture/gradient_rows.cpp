#include "results/capture/gradient_rows.hpp"

namespace medpfl {

void GradientRows::keep(Archive& a) {
  a.version(1);
  a("round", &round);
  a("client", &client);
  a("probe", &probe);
  a("examples", &examples);
  a("steps", &steps);
  a("norm", &norm);
  a("loss", &loss);
  a("images", &images);
}

}  // namespace medpfl
