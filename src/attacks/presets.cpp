// The attacks' table. An optimization attack is a row: its name, its paper and its parts.
#include "attacks/matching_attack.hpp"

namespace medpfl {
namespace {

RegistryEntry<AttackFactory> dlg() {
  MatchingParts parts;
  parts.labels = "joint";
  parts.stop_loss = 0;
  return matching_preset("dlg", "match gradients in L2; labels optimized with the images",
                         "Zhu, Liu, Han, NeurIPS 2019, arXiv 1906.08935", parts);
}

RegistryEntry<AttackFactory> idlg() {
  MatchingParts parts;
  parts.labels = "idlg";
  parts.stop_loss = 1e-6;
  return matching_preset("idlg", "match gradients in L2; the label read from the last layer",
                         "Zhao, Mopuri, Bilen 2020, arXiv 2001.02610", parts);
}

}  // namespace

const Registry<AttackFactory>& attacks() {
  static const Registry<AttackFactory> table("attack", {dlg(), idlg()});
  return table;
}

}  // namespace medpfl
