// The attacks' table. An optimization attack is a row: its name, its paper and its parts.
#include "attacks/fc_readout.hpp"
#include "attacks/imprint.hpp"
#include "attacks/matching_attack.hpp"

namespace medpfl {

const Registry<AttackFactory>& attacks() {
  static const Registry<AttackFactory> table(
      "attack",
      {matching_preset("dlg", "match gradients in L2; labels optimized with the images",
                       "Zhu, Liu, Han, NeurIPS 2019, arXiv 1906.08935", {}),
       matching_preset("idlg", "match gradients in L2; the label read from the last layer",
                       "Zhao, Mopuri, Bilen 2020, arXiv 2001.02610",
                       {{"labels", "idlg"}, {"stop_loss", "1e-6"}}),
       matching_preset("cpl", "idlg from a patterned start",
                       "Wei et al., ESORICS 2020, arXiv 2004.10397",
                       {{"labels", "idlg"}, {"init", "tile"}}),
       matching_preset("inverting-gradients",
                       "match the direction of gradients by signed Adam; total variation",
                       "Geiping et al., NeurIPS 2020, arXiv 2003.14053",
                       {{"labels", "known"},
                        {"objective", "cosine"},
                        {"tv", "0.1"},
                        {"optimizer", "adam"},
                        {"iterations", "4800"},
                        {"learning_rate", "0.1"},
                        {"sign", "hard"},
                        {"schedule", "step"},
                        {"box", "true"}}),
       matching_preset("modern",
                       "match the direction of gradients by Adam with soft sign; colour variation",
                       "Geiping, Fowl et al., the breaching library",
                       {{"labels", "bias-counts"},
                        {"objective", "cosine"},
                        {"init", "tile-4"},
                        {"tv_colour", "0.1"},
                        {"optimizer", "adam"},
                        {"iterations", "24000"},
                        {"learning_rate", "0.1"},
                        {"sign", "soft"},
                        {"schedule", "cosine"},
                        {"warmup", "50"},
                        {"box", "true"}}),
       matching_preset("kernel", "match gradients under a Gaussian kernel", "arXiv 2204.13808",
                       {{"labels", "idlg"},
                        {"objective", "kernel"},
                        {"init", "uniform"},
                        {"learning_rate", "0.1"}}),
       matching_preset("partial-match", "match the largest entries of the gradient by Adam",
                       "FedLeak, arXiv 2506.08435",
                       {{"labels", "bias-counts"},
                        {"top_entries", "50"},
                        {"tv", "0.1"},
                        {"objective", "cosine"},
                        {"optimizer", "adam"},
                        {"iterations", "4800"},
                        {"learning_rate", "0.1"},
                        {"schedule", "step"},
                        {"box", "true"}}),
       fc_readout(), imprint()});
  return table;
}

}  // namespace medpfl
