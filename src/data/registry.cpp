#include <algorithm>
#include <numeric>

#include "data/dataset.hpp"

namespace medpfl {

// Each from the file of its name.
RegistryEntry<DatasetFactory> phantom();
RegistryEntry<DatasetFactory> medmnist();
RegistryEntry<DatasetFactory> image_folder();
RegistryEntry<DatasetFactory> mnist();  // mnist_idx.cpp

const Registry<DatasetFactory>& datasets() {
  static const Registry<DatasetFactory> table("dataset",
                                              {phantom(), medmnist(), image_folder(), mnist()});
  return table;
}

namespace {

// Largest remainders: floor(limit * share), then one more to the classes cut most.
std::vector<int64_t> quotas(const std::vector<int64_t>& counts, int64_t total, int64_t limit) {
  std::vector<int64_t> quota, by_remainder(counts.size());
  for (const int64_t count : counts) quota.push_back(limit * count / total);
  std::iota(by_remainder.begin(), by_remainder.end(), int64_t{0});
  std::stable_sort(by_remainder.begin(), by_remainder.end(), [&](int64_t a, int64_t b) {
    return limit * counts[static_cast<size_t>(a)] % total >
           limit * counts[static_cast<size_t>(b)] % total;
  });
  int64_t left = limit - std::accumulate(quota.begin(), quota.end(), int64_t{0});
  for (const int64_t label : by_remainder)
    if (left-- > 0) ++quota[static_cast<size_t>(label)];
  return quota;
}

}  // namespace

void limit_images(Manifest::Part* part, int64_t limit, int64_t classes) {
  if (limit < 0)
    throw ConfigError(fmt::format("limit of images {} is negative; 0 keeps all", limit));
  if (limit == 0 || limit >= part->size()) return;
  std::vector<int64_t> counts(static_cast<size_t>(classes), 0);
  for (const int64_t label : part->labels) {
    if (label < 0 || label >= classes)
      throw DataError(fmt::format("label {} is not a class in 0 ... {}", label, classes - 1));
    ++counts[static_cast<size_t>(label)];
  }
  std::vector<int64_t> left = quotas(counts, part->size(), limit);
  Manifest::Part kept;
  for (size_t i = 0; i < part->labels.size(); ++i) {
    if (left[static_cast<size_t>(part->labels[i])]-- <= 0) continue;
    kept.labels.push_back(part->labels[i]);
    kept.ids.push_back(part->ids[i]);
    if (!part->files.empty()) kept.files.push_back(part->files[i]);
  }
  *part = std::move(kept);
}

}  // namespace medpfl
