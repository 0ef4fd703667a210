#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "attacks/matching/first_images.hpp"
#include "attacks/matching/parametrization.hpp"

namespace medpfl {
namespace {

class Pixels final : public Parametrization {
 public:
  Pixels(const std::vector<int64_t>& shape, FirstImages init, const at::Tensor& public_mean)
      : shape_(shape), init_(init), public_mean_(public_mean) {}

  int64_t size() const override {
    return std::accumulate(shape_.begin(), shape_.end(), int64_t{1}, std::multiplies<>());
  }
  void begin(RandomStream* random, float* x) override {
    const at::Tensor images = initial_images(init_, shape_, public_mean_, random);
    std::copy_n(images.data_ptr<float>(), size(), x);
  }
  at::Tensor images(const float* x) override {
    // NOLINTNEXTLINE: from_blob takes no const; engines only read
    return at::from_blob(const_cast<float*>(x), shape_, at::kFloat);
  }
  void pull_back(const float* gradient, float* out) override { std::copy_n(gradient, size(), out); }

 private:
  std::vector<int64_t> shape_;
  FirstImages init_;
  at::Tensor public_mean_;
};

}  // namespace

std::unique_ptr<Parametrization> make_pixels(const std::vector<int64_t>& shape, FirstImages init,
                                             const at::Tensor& public_mean) {
  return std::make_unique<Pixels>(shape, init, public_mean);
}

}  // namespace medpfl
