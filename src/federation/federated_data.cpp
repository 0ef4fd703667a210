#include "federation/federated_data.hpp"

#include <ATen/ops/from_blob.h>
#include <ATen/ops/tensor.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/bytes.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "federation/placement.hpp"
#include "federation/public_images.hpp"
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

void append(const Manifest::Part& from, size_t i, Manifest::Part* to) {
  to->labels.push_back(from.labels[i]);
  to->ids.push_back(from.ids[i]);
  if (!from.files.empty()) to->files.push_back(from.files[i]);
}

// The images of a federation by what they are for: `all.test` are those of evaluations, and
// `all.open` the public ones.
struct Sources {
  Manifest all;
  Split open_split = Split::kTest;  // whose images `all.open` are
  Holdings holdings = Holdings::kPrivate;

  // The images that the hospitals hold, as a data set reads them.
  Split split() const { return holdings == Holdings::kPublic ? open_split : Split::kTrain; }
  const Manifest::Part& held() const {
    return holdings == Holdings::kPublic ? all.open : all.train;
  }
  // The manifest by which a data set reads public images, of `open_split`.
  Manifest of_open() const {
    Manifest out = all;
    if (open_split == Split::kTest) out.test = all.open;
    return out;
  }
};

// Sets a share of the test images of each class aside as public ones, evenly along their order.
void set_aside(double share, Sources* sources) {
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

Sources scan(const Dataset& dataset, const FederatedDataOptions& options) {
  Sources sources;
  sources.holdings = options.holdings;
  sources.all = dataset.scan();
  limit_images(&sources.all.train, options.limit, sources.all.classes());
  if (sources.all.train.size() == 0) throw DataError("the training split has no images");
  if (sources.all.test.size() == 0) throw DataError("the test split has no images");
  if (sources.all.open.size() > 0)
    sources.open_split = Split::kPublic;
  else
    set_aside(options.public_share, &sources);
  return sources;
}

Sources share_sources(const Communicator& comm, const Dataset& dataset,
                      const FederatedDataOptions& options) {
  std::string bytes;
  comm.agree([&] {
    if (!comm.is_root()) return;
    const Sources sources = scan(dataset, options);
    ByteWriter out;
    out.texts(sources.all.class_names);
    out.value(sources.all.pixels.deep);
    out.value(sources.all.pixels.window);
    pack(sources.all.train, &out);
    pack(sources.all.test, &out);
    out.value(sources.open_split);
    pack(sources.all.open, &out);
    bytes = out.take();
  });
  const std::string shared = comm.broadcast(std::move(bytes));
  ByteReader in(shared);
  Sources sources;
  sources.holdings = options.holdings;
  sources.all.class_names = in.texts();
  sources.all.pixels.deep = in.value<bool>();
  sources.all.pixels.window = in.value<Window>();
  sources.all.train = unpack_part(&in);
  sources.all.test = unpack_part(&in);
  sources.open_split = in.value<Split>();
  sources.all.open = unpack_part(&in);
  return sources;
}

// What all ranks know alike, without pixels.
FederatedData deal(const Communicator& comm, const Sources& sources,
                   const FederatedDataOptions& options, const FederationSettings& federation) {
  FederatedData data;
  data.class_names = sources.all.class_names;
  data.pixels = sources.all.pixels;
  data.train_labels = sources.held().labels;
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

// Returns this rank's blocks of the images of a split.
std::vector<at::Tensor> read_blocks(const Communicator& comm, const Dataset& dataset,
                                    const Manifest& manifest, Split split) {
  const int64_t images = manifest.part(split).size();
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
  const at::Tensor all = dataset.read(manifest, split, positions);
  int64_t first = 0;
  for (const int64_t size : sizes) {
    blocks.push_back(all.narrow(0, first, size));
    first += size;
  }
  return blocks;
}

void read_clients(const Communicator& comm, const Dataset& dataset, const Sources& sources,
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
  const at::Tensor images = dataset.read(sources.of_open(), sources.split(), positions);
  const at::Tensor labels = at::tensor(sources.held().labels, at::kLong)
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

// Finds the digests of all images. Public images that are no test images may be images of a
// hospital or of an evaluation nevertheless: that is told.
void find_digests(const Communicator& comm, const Sources& sources,
                  const std::vector<at::Tensor>& open, FederatedData* data) {
  const std::string held = gather_train_digests(comm, data->clients, sources.held().size());
  const std::string test = gather_block_digests(comm, data->test_blocks, sources.all.test.size());
  data->digests.train_images = digest_images(held);
  data->digests.test_images = digest_images(test);
  data->digests.train_labels = digest_labels(data->train_labels, data->class_names);
  data->digests.test_labels = digest_labels(data->test_labels, data->class_names);
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

}  // namespace

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
  return deal(comm, share_sources(comm, dataset, options), options, federation);
}

FederatedData load_federated_data(const Communicator& comm, const Dataset& dataset,
                                  const FederatedDataOptions& options,
                                  const FederationSettings& federation) {
  const Sources sources = share_sources(comm, dataset, options);
  FederatedData data = deal(comm, sources, options, federation);
  std::vector<at::Tensor> open;
  comm.agree([&] {
    read_clients(comm, dataset, sources, &data);
    data.test_blocks = read_blocks(comm, dataset, sources.all, Split::kTest);
    open = options.public_share == 0 && sources.open_split == Split::kTest
               ? data.test_blocks
               : read_blocks(comm, dataset, sources.of_open(), sources.open_split);
  });
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
