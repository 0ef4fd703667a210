#include "federation/public_images.hpp"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <string>

#include "federation/federated_data.hpp"

namespace medpfl {

int64_t kept_public_images(int64_t images, int64_t image_bytes) {
  return std::min(
      {images, kMostPublicImages, std::max<int64_t>(1, kMostPublicBytes / image_bytes)});
}

at::Tensor gather_public_images(const Communicator& comm, const std::vector<at::Tensor>& blocks,
                                const PixelFormat& format, int64_t images,
                                const std::vector<int64_t>& shape) {
  const std::vector<int64_t> one = {1, shape.at(0), shape.at(1), shape.at(2)};
  const auto bytes = static_cast<int64_t>(at::empty(one, format.type()).nbytes());
  const int64_t kept = kept_public_images(images, bytes);
  const auto place = [&](int64_t i) { return i * images / kept; };
  const auto owner = [&](int64_t i) { return place(i) / kEvaluationBlock % comm.size(); };
  std::string mine;
  for (int64_t i = 0; i < kept; ++i) {
    if (owner(i) != comm.rank()) continue;
    const int64_t block = place(i) / kEvaluationBlock / comm.size();
    const at::Tensor image =
        blocks.at(static_cast<size_t>(block)).select(0, place(i) % kEvaluationBlock).contiguous();
    mine.append(static_cast<const char*>(image.data_ptr()), image.nbytes());
  }
  const std::vector<std::string> all = comm.gather(mine);
  if (!comm.is_root()) return {};
  at::Tensor out = at::empty({kept, shape[0], shape[1], shape[2]}, format.type());
  auto* to = static_cast<char*>(out.data_ptr());
  std::vector<int64_t> taken(all.size(), 0);  // bytes of each rank
  for (int64_t i = 0; i < kept; ++i) {
    const auto rank = static_cast<size_t>(owner(i));
    to = std::copy_n(all[rank].data() + taken[rank], bytes, to);
    taken[rank] += bytes;
  }
  return out;
}

}  // namespace medpfl
