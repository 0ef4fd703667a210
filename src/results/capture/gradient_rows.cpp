#include "results/capture/gradient_rows.hpp"

namespace medpfl {

void GradientRows::keep(Archive& a) {
  const int64_t version = a.version(2);
  a("round", &round);
  a("client", &client);
  a("probe", &probe);
  a("examples", &examples);
  a("steps", &steps);
  a("norm", &norm);
  a("loss", &loss);
  a("images", &images);
  if (version >= 2)
    a("checksum", &checksum);
  else
    checksum.assign(round.size(), -1);
}

}  // namespace medpfl
