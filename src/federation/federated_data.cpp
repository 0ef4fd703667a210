#include "federation/federated_data.hpp"

#include <ATen/ops/from_blob.h>
#include <ATen/ops/tensor.h>

#include <algorithm>

#include "core/bytes.hpp"
#include "core/error.hpp"
#include "federation/placement.hpp"
#include "federation/settings.hpp"

namespace medpfl {
namespace {

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

Manifest share_manifest(const Communicator& comm, const Dataset& dataset, int64_t limit) {
  std::string bytes;
  comm.agree([&] {
    if (!comm.is_root()) return;
    Manifest manifest = dataset.scan();
    limit_images(&manifest.train, limit, manifest.classes());
    if (manifest.train.size() == 0) throw DataError("the training split has no images");
    if (manifest.test.size() == 0) throw DataError("the test split has no images");
    ByteWriter out;
    out.texts(manifest.class_names);
    out.value(manifest.pixels.deep);
    out.value(manifest.pixels.window);
    pack(manifest.train, &out);
    pack(manifest.test, &out);
    bytes = out.take();
  });
  const std::string shared = comm.broadcast(std::move(bytes));
  ByteReader in(shared);
  Manifest manifest;
  manifest.class_names = in.texts();
  manifest.pixels.deep = in.value<bool>();
  manifest.pixels.window = in.value<Window>();
  manifest.train = unpack_part(&in);
  manifest.test = unpack_part(&in);
  return manifest;
}

// What all ranks know alike, without pixels.
FederatedData deal(const Communicator& comm, const Manifest& manifest,
                   const FederatedDataOptions& options, const FederationSettings& federation) {
  FederatedData data;
  data.class_names = manifest.class_names;
  data.pixels = manifest.pixels;
  data.train_labels = manifest.train.labels;
  data.test_labels = manifest.test.labels;
  comm.agree([&] {
    const Partition partition = make_partition(manifest.train.labels, manifest.classes(),
                                               federation.clients, options.partition);
    data.assignment.resize(manifest.train.labels.size());
    for (size_t h = 0; h < partition.shards.size(); ++h) {
      data.shard_sizes.push_back(static_cast<int64_t>(partition.shards[h].size()));
      for (const int64_t p : partition.shards[h])
        data.assignment[static_cast<size_t>(p)] = static_cast<int64_t>(h);
    }
    data.placement = place_clients(data.shard_sizes, comm.size(), federation.dedicated_server);
  });
  return data;
}

std::vector<at::Tensor> read_test_blocks(const Communicator& comm, const Dataset& dataset,
                                         const Manifest& manifest) {
  // One call, so that archives are read once.
  std::vector<int64_t> positions;
  std::vector<int64_t> sizes;
  const int64_t stride = kEvaluationBlock * comm.size();
  for (int64_t at = comm.rank() * kEvaluationBlock; at < manifest.test.size(); at += stride) {
    sizes.push_back(std::min(kEvaluationBlock, manifest.test.size() - at));
    for (int64_t i = at; i < at + sizes.back(); ++i) positions.push_back(i);
  }
  std::vector<at::Tensor> blocks;
  if (positions.empty()) return blocks;
  const at::Tensor all = dataset.read(manifest, Split::kTest, positions);
  int64_t first = 0;
  for (const int64_t size : sizes) {
    blocks.push_back(all.narrow(0, first, size));
    first += size;
  }
  return blocks;
}

void read_clients(const Communicator& comm, const Dataset& dataset, const Manifest& manifest,
                  FederatedData* data) {
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
  const at::Tensor images = dataset.read(manifest, Split::kTrain, positions);
  const at::Tensor labels = at::tensor(manifest.train.labels, at::kLong)
                                .index_select(0, at::tensor(positions, at::kLong));
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
at::Tensor mean_test_image(const Communicator& comm, const std::vector<at::Tensor>& blocks,
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

}  // namespace

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
  return deal(comm, share_manifest(comm, dataset, options.limit), options, federation);
}

FederatedData load_federated_data(const Communicator& comm, const Dataset& dataset,
                                  const FederatedDataOptions& options,
                                  const FederationSettings& federation) {
  const Manifest manifest = share_manifest(comm, dataset, options.limit);
  FederatedData data = deal(comm, manifest, options, federation);
  comm.agree([&] {
    read_clients(comm, dataset, manifest, &data);
    data.test_blocks = read_test_blocks(comm, dataset, manifest);
  });
  // A rank without blocks learns the image shape from rank 0, which always has the first.
  std::vector<int64_t> shape(3, 0);
  if (comm.is_root()) shape = data.test_blocks.front().sizes().slice(1).vec();
  comm.broadcast(shape.data(), 3 * static_cast<int64_t>(sizeof(int64_t)));
  data.public_mean =
      mean_test_image(comm, data.test_blocks, data.pixels, manifest.test.size(), shape);
  data.digests.train_images = digest_train_images(comm, data.clients, manifest.train.size());
  data.digests.test_images = digest_test_images(comm, data.test_blocks, manifest.test.size());
  data.digests.train_labels = digest_labels(data.train_labels, data.class_names);
  data.digests.test_labels = digest_labels(data.test_labels, data.class_names);
  return data;
}

}  // namespace medpfl
