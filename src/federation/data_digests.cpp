#include "federation/data_digests.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "core/bytes.hpp"
#include "core/digest.hpp"
#include "federation/federated_data.hpp"

namespace medpfl {
namespace {

// The digests of the images a rank holds, one behind the other, and where each has its place.
struct Part {
  std::vector<int64_t> positions;
  std::string digests;

  void add(const at::Tensor& images, const std::vector<int64_t>& places) {
    positions.insert(positions.end(), places.begin(), places.end());
    const at::Tensor rows = images.contiguous();
    const int64_t count = rows.size(0);
    const size_t size = count == 0 ? 0 : rows.nbytes() / static_cast<size_t>(count);
    const auto* bytes = static_cast<const unsigned char*>(rows.data_ptr());
    for (int64_t i = 0; i < count; ++i) {
      Digest digest;
      digest.add(rows.sizes().slice(1).vec());
      digest.add(bytes + static_cast<size_t>(i) * size, size);
      digests += digest.bytes();
    }
  }
};

std::string gather_digests(const Communicator& comm, const Part& part, int64_t images) {
  ByteWriter out;
  out.array(part.positions);
  out.text(part.digests);
  const std::vector<std::string> parts = comm.gather(out.take());
  if (!comm.is_root()) return "";
  std::string all(static_cast<size_t>(images) * Digest::kBytes, '\0');
  for (const std::string& bytes : parts) {
    ByteReader in(bytes);
    const auto positions = in.array<int64_t>();
    const std::string digests = in.text();
    for (size_t i = 0; i < positions.size(); ++i)
      all.replace(static_cast<size_t>(positions[i]) * Digest::kBytes, Digest::kBytes, digests,
                  i * Digest::kBytes, Digest::kBytes);
  }
  return all;
}

// The digests of images, which stand one behind the other.
std::vector<std::string_view> split(std::string_view digests) {
  std::vector<std::string_view> out;
  for (size_t at = 0; at < digests.size(); at += Digest::kBytes)
    out.push_back(digests.substr(at, Digest::kBytes));
  return out;
}

}  // namespace

std::string digest_labels(const std::vector<int64_t>& labels,
                          const std::vector<std::string>& class_names) {
  ByteWriter names;
  names.texts(class_names);
  Digest digest;
  digest.add(names.take());
  digest.add(labels);
  return digest.text();
}

std::string gather_train_digests(const Communicator& comm, const std::vector<Client>& clients,
                                 int64_t images) {
  Part part;
  for (const Client& client : clients) part.add(client.images, client.positions);
  return gather_digests(comm, part, images);
}

std::string gather_block_digests(const Communicator& comm, const std::vector<at::Tensor>& blocks,
                                 int64_t images) {
  Part part;
  int64_t first = comm.rank() * kEvaluationBlock;
  for (const at::Tensor& block : blocks) {
    std::vector<int64_t> positions;
    for (int64_t i = 0; i < block.size(0); ++i) positions.push_back(first + i);
    part.add(block, positions);
    first += comm.size() * kEvaluationBlock;
  }
  return gather_digests(comm, part, images);
}

std::string digest_images(const std::string& digests) {
  if (digests.empty()) return "";
  Digest digest;
  digest.add(digests);
  return digest.text();
}

int64_t count_shared(const std::string& digests, const std::string& others) {
  std::vector<std::string_view> known = split(others);
  std::sort(known.begin(), known.end());
  const std::vector<std::string_view> images = split(digests);
  return std::count_if(images.begin(), images.end(), [&](std::string_view one) {
    return std::binary_search(known.begin(), known.end(), one);
  });
}

int64_t count_contradicting(const std::string& digests, const std::vector<int64_t>& labels) {
  const std::vector<std::string_view> all = split(digests);
  std::vector<std::pair<std::string_view, int64_t>> images;
  for (size_t i = 0; i < all.size(); ++i) images.emplace_back(all[i], labels[i]);
  std::sort(images.begin(), images.end());
  // Equal images stand side by side now, and their labels in order.
  int64_t contradicting = 0;
  for (auto first = images.begin(); first != images.end();) {
    const auto end = std::find_if(first, images.end(),
                                  [&](const auto& image) { return image.first != first->first; });
    if (first->second != std::prev(end)->second) contradicting += std::distance(first, end);
    first = end;
  }
  return contradicting;
}

}  // namespace medpfl
