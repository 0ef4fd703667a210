#pragma once
#include "core/registry.hpp"
#include "models/model.hpp"

namespace medpfl {

// The rows of the models' table, each written in the file of its name.
RegistryEntry<ModelFactory> lenet_medpfl();
RegistryEntry<ModelFactory> lenet_dlg();
RegistryEntry<ModelFactory> lenet_cpl();
RegistryEntry<ModelFactory> mlp();
RegistryEntry<ModelFactory> convnet();
RegistryEntry<ModelFactory> convnet_small();
RegistryEntry<ModelFactory> resnet18();
RegistryEntry<ModelFactory> resnet20();
RegistryEntry<ModelFactory> vgg11();

}  // namespace medpfl
