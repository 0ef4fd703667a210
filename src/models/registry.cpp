#include "models/rows.hpp"

namespace medpfl {

const Registry<ModelFactory>& models() {
  static const Registry<ModelFactory> table(
      "model", {lenet_medpfl(), lenet_dlg(), lenet_cpl(), mlp(), convnet(), convnet_small(),
                resnet18(), resnet20(), vgg11()});
  return table;
}

}  // namespace medpfl
