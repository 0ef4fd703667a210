#include "federation/image_remarks.hpp"

#include <fmt/format.h>

#include "core/text.hpp"

namespace medpfl {
namespace {

constexpr size_t kNamed = 5;

std::vector<int64_t> count_classes(const Manifest::Part& part, int64_t classes) {
  std::vector<int64_t> counts(static_cast<size_t>(classes), 0);
  for (const int64_t label : part.labels) ++counts[static_cast<size_t>(label)];
  return counts;
}

// The first names, and how many more there are.
std::string names_of(std::vector<std::string> names) {
  const size_t more = names.size() > kNamed ? names.size() - kNamed : 0;
  names.resize(names.size() - more);
  return join(names) + (more > 0 ? fmt::format(" and {} more", more) : "");
}

}  // namespace

void add(const Remarks& more, Remarks* remarks) {
  remarks->insert(remarks->end(), more.begin(), more.end());
}

Remarks remark_on_classes(const Manifest& manifest) {
  const std::vector<int64_t> counts = count_classes(manifest.train, manifest.classes());
  if (counts.size() == 1)
    return {
        fmt::format("all images are of one class, {}: every answer of the network is right, and "
                    "its accuracy says nothing",
                    manifest.class_names[0])};
  Remarks empty;
  for (size_t label = 0; label < counts.size(); ++label)
    if (counts[label] == 0) empty.push_back(manifest.class_names[label]);
  if (empty.empty()) return {};
  return {
      fmt::format("{} of {} classes have no training image: {}; where classes are numbered, one "
                  "stray label makes all those below it",
                  empty.size(), counts.size(), names_of(empty))};
}

Remarks remark_on_limit(const Manifest& manifest, const Manifest::Part& unlimited, int64_t limit) {
  const std::vector<int64_t> before = count_classes(unlimited, manifest.classes());
  const std::vector<int64_t> after = count_classes(manifest.train, manifest.classes());
  Remarks emptied;
  for (size_t label = 0; label < before.size(); ++label)
    if (before[label] > 0 && after[label] == 0) emptied.push_back(manifest.class_names[label]);
  if (emptied.empty()) return {};
  return {fmt::format("data.limit={} leaves {} of {} classes without a training image: {}", limit,
                      emptied.size(), before.size(), names_of(emptied))};
}

Remarks remark_on_pixels(const ReadNotes& notes, int64_t images) {
  Remarks remarks;
  if (notes.narrow > 0)
    remarks.push_back(fmt::format(
        "{} of {} images use less than a quarter of the range from black to white: they look "
        "uniform, and score well whatever an attack does; data.window=LOW,HIGH says which levels "
        "are black and white",
        notes.narrow, images));
  if (notes.colored > 0)
    remarks.push_back(
        fmt::format("the colors of {} of {} images became gray: data.channels=3 keeps them",
                    notes.colored, images));
  if (notes.stray > 0)
    remarks.push_back(fmt::format(
        "{} of {} images are JPEG files with stray bytes between their parts, which were left out; "
        "where such a file is damaged, its pixels may be wrong",
        notes.stray, images));
  return remarks;
}

}  // namespace medpfl
