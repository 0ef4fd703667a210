#include "federation/federated_data.hpp"

#include <ATen/ops/from_blob.h>
#include <ATen/ops/tensor.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/error.hpp"
#include "core/log.hpp"
#include "federation/image_remarks.hpp"
#include "federation/image_sources.hpp"
#include "federation/placement.hpp"
#include "federation/public_images.hpp"
#include "federation/settings.hpp"

namespace medpfl {
namespace {

// What all ranks know alike, without pixels.
FederatedData deal(const Communicator& comm, const ImageSources& sources,
                   const FederatedDataOptions& options, const FederationSettings& federation) {
  FederatedData data;
  data.class_names = sources.all.class_names;
  data.pixels = sources.all.pixels;
  data.train_labels = sources.held().images.labels;
  data.test_labels = sources.all.test.labels;
  comm.agree([&] {
    const Partition partition = make_partition(data.train_labels, sources.all.classes(),
                                               federation.clients, options.partition);
    data.assignment.resize(data.train_labels.size());
    for (size_t h = 0; h < partition.shards.size(); ++h) {
      data.shard_sizes.push_back(static_cast<int64_t>(partition.shards[h].size()));
      for (const int64_t p : partition.shards[h])
        data.assignment[static_cast<size_t>(p)] = static_cast<int64_t>(h);
    }
    data.placement = place_clients(data.shard_sizes, comm.size(), federation.dedicated_server);
  });
  return data;
}

// Returns this rank's blocks of a group of images.
std::vector<at::Tensor> read_blocks(const Communicator& comm, const Dataset& dataset,
                                    const ImageSources& sources, const ImageSources::Group& group,
                                    ReadNotes* notes) {
  const int64_t images = group.images.size();
  // One call, so that archives are read once.
  std::vector<int64_t> positions;
  std::vector<int64_t> sizes;
  const int64_t stride = kEvaluationBlock * comm.size();
  for (int64_t at = comm.rank() * kEvaluationBlock; at < images; at += stride) {
    sizes.push_back(std::min(kEvaluationBlock, images - at));
    for (int64_t i = at; i < at + sizes.back(); ++i) positions.push_back(i);
  }
  std::vector<at::Tensor> blocks;
  if (positions.empty()) return blocks;
  const at::Tensor all = dataset.read(sources.manifest_of(group), group.split, positions, notes);
  int64_t first = 0;
  for (const int64_t size : sizes) {
    blocks.push_back(all.narrow(0, first, size));
    first += size;
  }
  return blocks;
}

void read_clients(const Communicator& comm, const Dataset& dataset, const ImageSources& sources,
                  ReadNotes* notes, FederatedData* data) {
  std::vector<int64_t> slot(data->shard_sizes.size(), -1);  // of those hosted here
  for (int64_t id = 0; id < data->client_count(); ++id) {
    if (data->placement[static_cast<size_t>(id)] != comm.rank()) continue;
    slot[static_cast<size_t>(id)] = static_cast<int64_t>(data->clients.size());
    data->clients.emplace_back().id = id;
  }
  if (data->clients.empty()) return;
  for (size_t p = 0; p < data->assignment.size(); ++p) {
    const int64_t here = slot[static_cast<size_t>(data->assignment[p])];
    if (here >= 0)
      data->clients[static_cast<size_t>(here)].positions.push_back(static_cast<int64_t>(p));
  }
  std::vector<int64_t> positions;
  for (const Client& client : data->clients)
    positions.insert(positions.end(), client.positions.begin(), client.positions.end());
  const ImageSources::Group held = sources.held();
  const at::Tensor images = dataset.read(sources.manifest_of(held), held.split, positions, notes);
  const at::Tensor labels =
      at::tensor(held.images.labels, at::kLong).index_select(0, at::tensor(positions, at::kLong));
  int64_t first = 0;
  for (Client& client : data->clients) {
    client.images = images.narrow(0, first, client.size());
    client.labels = labels.narrow(0, first, client.size());
    first += client.size();
  }
}

// Pixels as integers, 0 to `white`: levels as they are, real numbers in steps that are finer than
// theirs from 2^-9 on.
constexpr double kFixedPointWhite = int64_t{1} << 32;
at::Tensor as_integers(const at::Tensor& block) {
  return block.scalar_type() == at::kByte
             ? block
             : block.to(at::kDouble).mul_(kFixedPointWhite).round_().to(at::kLong);
}

// Integer sums of pixels, so that the mean has the same bits for any number of ranks.
at::Tensor mean_image(const Communicator& comm, const std::vector<at::Tensor>& blocks,
                      const PixelFormat& format, int64_t images,
                      const std::vector<int64_t>& shape) {
  int64_t pixels = 1;
  for (const int64_t extent : shape) pixels *= extent;
  std::vector<int64_t> sum(static_cast<size_t>(pixels), 0);
  for (const at::Tensor& block : blocks) {
    const at::Tensor part = as_integers(block).sum(0, false, at::kLong).contiguous();
    const int64_t* in = part.data_ptr<int64_t>();
    for (int64_t i = 0; i < pixels; ++i) sum[static_cast<size_t>(i)] += in[i];
  }
  comm.sum_to_root(sum.data(), pixels);
  return at::tensor(sum, at::kDouble)
      .div((format.deep ? kFixedPointWhite : 255.0) * static_cast<double>(images))
      .to(at::kFloat)
      .view(shape);
}

// Finds the digests of all images. Images of different purposes may be the same: that is told.
void find_digests(const Communicator& comm, const ImageSources& sources,
                  const std::vector<at::Tensor>& open, FederatedData* data) {
  const std::string held = gather_train_digests(comm, data->clients, sources.held().images.size());
  const std::string test = gather_block_digests(comm, data->test_blocks, sources.all.test.size());
  data->digests.train_images = digest_images(held);
  data->digests.test_images = digest_images(test);
  data->digests.train_labels = digest_labels(data->train_labels, data->class_names);
  data->digests.test_labels = digest_labels(data->test_labels, data->class_names);
  if (comm.is_root() && sources.holdings == Holdings::kPrivate)
    if (const int64_t shared = count_shared(test, held); shared > 0)
      log_warning(fmt::format(
          "of {} test images {} are training images, pixel by pixel: accuracy is better than it "
          "would be on new images; take them out of one split",
          sources.all.test.size(), shared));
  if (comm.is_root())
    if (const int64_t images = count_contradicting(held, data->train_labels); images > 0)
      log_warning(fmt::format(
          "of {} training images {} are also there with another label, pixel by pixel: no network "
          "can learn both; look for folders or links that bring images twice",
          data->train_labels.size(), images));
  if (sources.open_split != Split::kPublic) return;
  const std::string own = gather_block_digests(comm, open, sources.all.open.size());
  data->digests.public_images = digest_images(own);
  if (!comm.is_root() || sources.holdings == Holdings::kPublic) return;
  const int64_t victims = count_shared(own, held), tested = count_shared(own, test);
  if (victims > 0 || tested > 0)
    log_warning(fmt::format(
        "of {} public images {} are images of a hospital and {} are test images, pixel by pixel: "
        "an attacker who knows them already finds nothing; take them out of data.public_path",
        sources.all.open.size(), victims, tested));
}

// Adds up what all ranks saw of the images that were read, and has rank 0 warn of it.
void warn_of_pixels(const Communicator& comm, const ReadNotes& notes, const ImageSources& sources,
                    bool tests_on_open) {
  int64_t sums[] = {notes.narrow, notes.colored, notes.stray};
  comm.sum_to_root(sums, 3);
  if (!comm.is_root()) return;
  int64_t images = sources.held().images.size() + sources.all.test.size();
  if (!tests_on_open) images += sources.all.open.size();
  for (const std::string& remark : remark_on_pixels({sums[0], sums[1], sums[2]}, images))
    log_warning(remark);
}

}  // namespace

const Words<OnError>& words_of(OnError) {
  static const Words<OnError> words = {{OnError::kStop, "stop"}, {OnError::kSkip, "skip"}};
  return words;
}

const Words<Holdings>& words_of(Holdings) {
  static const Words<Holdings> words = {{Holdings::kPrivate, "private"},
                                        {Holdings::kPublic, "public"}};
  return words;
}

const Client& FederatedData::client(int64_t id) const {
  const auto found =
      std::lower_bound(clients.begin(), clients.end(), id,
                       [](const Client& h, int64_t wanted) { return h.id < wanted; });
  if (found == clients.end() || found->id != id)
    throw Error(ExitCode::kInternal, "a hospital was looked up on a rank that does not host it");
  return *found;
}

FederatedData plan_federated_data(const Communicator& comm, const Dataset& dataset,
                                  const FederatedDataOptions& options,
                                  const FederationSettings& federation) {
  const ImageSources sources = find_images(comm, dataset, options, /*headers=*/true);
  return deal(comm, sources, options, federation);
}

FederatedData load_federated_data(const Communicator& comm, const Dataset& dataset,
                                  const FederatedDataOptions& options,
                                  const FederationSettings& federation) {
  const ImageSources sources = find_images(comm, dataset, options, /*headers=*/false);
  FederatedData data = deal(comm, sources, options, federation);
  const bool tests_on_open = options.public_share == 0 && sources.open_split != Split::kPublic;
  std::vector<at::Tensor> open;
  ReadNotes notes;
  comm.agree([&] {
    read_clients(comm, dataset, sources, &notes, &data);
    data.test_blocks = read_blocks(comm, dataset, sources, sources.test(), &notes);
    open = tests_on_open ? data.test_blocks
                         : read_blocks(comm, dataset, sources, sources.open(), &notes);
  });
  warn_of_pixels(comm, notes, sources, tests_on_open);
  // A rank without blocks learns the image shape from rank 0, which always has the first.
  std::vector<int64_t> shape(3, 0);
  if (comm.is_root()) shape = data.test_blocks.front().sizes().slice(1).vec();
  comm.broadcast(shape.data(), 3 * static_cast<int64_t>(sizeof(int64_t)));
  data.public_mean = mean_image(comm, open, data.pixels, sources.all.open.size(), shape);
  if (options.holdings == Holdings::kPrivate)
    data.public_images =
        gather_public_images(comm, open, data.pixels, sources.all.open.size(), shape);
  find_digests(comm, sources, open, &data);
  return data;
}

}  // namespace medpfl
