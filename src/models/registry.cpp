#include "models/model.hpp"

namespace medpfl {

// Each from the file of its family.
RegistryEntry<ModelFactory> lenet_medpfl();
RegistryEntry<ModelFactory> lenet_dlg();
RegistryEntry<ModelFactory> lenet_cpl();
RegistryEntry<ModelFactory> mlp();
RegistryEntry<ModelFactory> convnet();
RegistryEntry<ModelFactory> convnet_small();
RegistryEntry<ModelFactory> resnet18();
RegistryEntry<ModelFactory> resnet20();
RegistryEntry<ModelFactory> vgg11();

const Registry<ModelFactory>& models() {
  static const Registry<ModelFactory> table(
      "model", {lenet_medpfl(), lenet_dlg(), lenet_cpl(), mlp(), convnet(), convnet_small(),
                resnet18(), resnet20(), vgg11()});
  return table;
}

}  // namespace medpfl
