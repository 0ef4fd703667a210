// The attacks' table. An optimization attack is a row: its name, its paper and its parts.
#include "attacks/matching_attack.hpp"

namespace medpfl {

const Registry<AttackFactory>& attacks() {
  static const Registry<AttackFactory> table(
      "attack",
      {matching_preset("dlg", "match gradients in L2; labels optimized with the images",
                       "Zhu, Liu, Han, NeurIPS 2019, arXiv 1906.08935", {}),
       matching_preset("idlg", "match gradients in L2; the label read from the last layer",
                       "Zhao, Mopuri, Bilen 2020, arXiv 2001.02610",
                       {{"labels", "idlg"}, {"stop_loss", "1e-6"}})});
  return table;
}

}  // namespace medpfl
