#include "federation/image_sources.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "core/bytes.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "core/random.hpp"
#include "core/text.hpp"
#include "federation/image_faults.hpp"
#include "federation/image_remarks.hpp"

namespace medpfl {
namespace {

void append(const Manifest::Part& from, size_t i, Manifest::Part* to) {
  to->labels.push_back(from.labels[i]);
  to->ids.push_back(from.ids[i]);
  if (!from.files.empty()) to->files.push_back(from.files[i]);
}

void pack(const Manifest::Part& part, ByteWriter* out) {
  out->array(part.labels);
  out->array(part.ids);
  out->texts(part.files);
}

Manifest::Part unpack_part(ByteReader* in) {
  Manifest::Part part;
  part.labels = in->array<int64_t>();
  part.ids = in->array<int64_t>();
  part.files = in->texts();
  return part;
}

std::string pack(const Manifest& manifest) {
  ByteWriter out;
  out.texts(manifest.class_names);
  out.value(manifest.pixels.deep);
  out.value(manifest.pixels.window);
  for (const Split split : {Split::kTrain, Split::kTest, Split::kPublic})
    pack(manifest.part(split), &out);
  return out.take();
}

Manifest unpack_manifest(const std::string& bytes) {
  ByteReader in(bytes);
  Manifest manifest;
  manifest.class_names = in.texts();
  manifest.pixels.deep = in.value<bool>();
  manifest.pixels.window = in.value<Window>();
  manifest.train = unpack_part(&in);
  manifest.test = unpack_part(&in);
  manifest.open = unpack_part(&in);
  return manifest;
}

// Sets a share of the test images of each class aside as public ones, evenly along their order.
void set_aside(double share, ImageSources* sources) {
  if (share == 0) {
    sources->all.open = sources->all.test;
    return;
  }
  const Manifest::Part test = std::exchange(sources->all.test, {});
  std::vector<int64_t> seen(static_cast<size_t>(sources->all.classes()), 0);
  for (size_t i = 0; i < test.labels.size(); ++i) {
    const auto before = static_cast<double>(seen[static_cast<size_t>(test.labels[i])]++);
    const bool open = std::floor((before + 1) * share) > std::floor(before * share);
    append(test, i, open ? &sources->all.open : &sources->all.test);
  }
  if (sources->all.open.size() == 0)
    throw DataError(fmt::format("data.public={} of {} test images are no image: raise it",
                                shortest(share), test.size()));
  if (sources->all.test.size() == 0)
    throw DataError(fmt::format(
        "data.public={} of {} test images leave none for evaluations: lower it, or add images",
        shortest(share), test.size()));
}

// Returns the images that are used as far as the scan tells, and warns of what it saw.
Manifest scan(const Dataset& dataset, const FederatedDataOptions& options) {
  Manifest manifest = dataset.scan();
  if (options.holdout > 0) hold_out(options.holdout, options.partition.seed, &manifest);
  std::vector<std::string> remarks = manifest.remarks;
  add(remark_on_classes(manifest), &remarks);
  const Manifest::Part unlimited = manifest.train;
  limit_images(&manifest.train, options.limit, manifest.classes());
  add(remark_on_limit(manifest, unlimited, options.limit), &remarks);
  for (const std::string& remark : remarks) log_warning(remark);
  return manifest;
}

// Takes the images that cannot be read out of a manifest, and has rank 0 warn of them.
void skip_unreadable(const Communicator& comm, const Dataset& dataset, ImageSources* sources) {
  const std::vector<GroupFault> faults = find_all_faults(comm, dataset, *sources, Look::kPixels);
  if (faults.empty()) return;
  if (comm.is_root()) log_warning(remark_on_skipped(faults, *sources));
  std::set<std::pair<size_t, int64_t>> skipped;
  for (const GroupFault& found : faults) skipped.emplace(found.group, found.fault.position);
  size_t group = 0;
  for (Manifest::Part* part : {&sources->all.train, &sources->all.test, &sources->all.open}) {
    const Manifest::Part whole = std::exchange(*part, {});
    for (size_t i = 0; i < whole.labels.size(); ++i)
      if (skipped.count({group, static_cast<int64_t>(i)}) == 0) append(whole, i, part);
    ++group;
  }
}

// Looks at the headers of all images.
void check_headers(const Communicator& comm, const Dataset& dataset, const ImageSources& sources) {
  const std::vector<GroupFault> faults = find_all_faults(comm, dataset, sources, Look::kHeader);
  comm.agree([&] {
    if (!faults.empty()) throw DataError(list_faults(faults, sources));
  });
}

}  // namespace

Manifest ImageSources::manifest_of(const Group& group) const {
  Manifest out = all;
  Manifest::Part images = group.images;
  (group.split == Split::kTrain  ? out.train
   : group.split == Split::kTest ? out.test
                                 : out.open) = std::move(images);
  return out;
}

void hold_out(double share, uint64_t seed, Manifest* manifest) {
  const Manifest::Part whole = std::exchange(manifest->train, {});
  manifest->test = {};
  std::vector<std::vector<size_t>> of_class(static_cast<size_t>(manifest->classes()));
  for (size_t i = 0; i < whole.labels.size(); ++i)
    of_class[static_cast<size_t>(whole.labels[i])].push_back(i);
  std::vector<bool> held(whole.labels.size(), false);
  for (size_t label = 0; label < of_class.size(); ++label) {
    const auto count = static_cast<int64_t>(of_class[label].size());
    if (count < 2) continue;
    RandomStream stream({seed, Purpose::kHoldout, 0, label});
    const std::vector<int64_t> order = stream.permutation(count);
    const int64_t out = std::min(count - 1, std::lround(share * static_cast<double>(count)));
    for (int64_t i = 0; i < out; ++i)
      held[of_class[label][static_cast<size_t>(order[static_cast<size_t>(i)])]] = true;
  }
  for (size_t i = 0; i < held.size(); ++i)
    append(whole, i, held[i] ? &manifest->test : &manifest->train);
  if (manifest->test.size() == 0)
    throw DataError(
        fmt::format("data.holdout={} of the training images of each class are no image, "
                    "of {} in all: raise it, or add images",
                    shortest(share), whole.size()));
}

ImageSources find_images(const Communicator& comm, const Dataset& dataset,
                         const FederatedDataOptions& options, bool headers) {
  std::string bytes;
  comm.agree([&] {
    if (comm.is_root()) bytes = pack(scan(dataset, options));
  });
  ImageSources sources;
  sources.holdings = options.holdings;
  sources.all = unpack_manifest(comm.broadcast(std::move(bytes)));
  if (options.holdout > 0) sources.test_split = Split::kTrain;
  const bool has_public = sources.all.open.size() > 0;
  sources.open_split = has_public ? Split::kPublic : sources.test_split;
  if (options.on_error == OnError::kSkip)
    skip_unreadable(comm, dataset, &sources);
  else if (headers)
    check_headers(comm, dataset, sources);
  comm.agree([&] {
    if (sources.all.train.size() == 0) throw DataError("the training split has no images");
    if (sources.all.test.size() == 0) throw DataError("the test split has no images");
    if (!has_public) set_aside(options.public_share, &sources);
    if (sources.all.open.size() == 0) throw DataError("data.public_path has no images");
  });
  return sources;
}

}  // namespace medpfl
