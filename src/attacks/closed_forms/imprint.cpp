// Robbing the Fed (Fowl et al., ICLR 2022, arXiv 2110.13057). All rows of a group of the imprint
// block are the same functional h of the image, with thresholds that rise, and all rows act on the
// network alike. So dL/dW_r = sum of d_j x_j over the images with h(x_j) above threshold r, and the
// difference of two neighbors, a cell, holds the images between their thresholds: alone there, an
// image is dW / db. With several groups an image found in one is taken out of its cells in the
// others, which may leave the next image alone there, as invertible Bloom lookup tables are read
// (Goodrich & Mitzenmacher 2011, arXiv 1101.2245).
#include <algorithm>
#include <cmath>
#include <utility>

#include "attacks/closed_forms/closed_form.hpp"
#include "core/error.hpp"

namespace medpfl {
namespace {

// Below this share of the largest bias gradient, a cell holds rounding only.
constexpr double kEmpty = 1e-5;
// Sums over pixels and images round by a share of the largest, so below this share a cell is judged
// as if it were as strong.
constexpr double kWeak = 1e-2;

// The cells of all groups: row minus next row, the last row of a group as it is.
class Cells {
 public:
  Cells(const Observation& observation, const Layer& layer)
      : weight_(observation.gradient.view(layer.weight).to(at::kDouble)),
        bias_(observation.gradient.view(layer.bias).to(at::kDouble).contiguous()) {
    const at::Tensor rows = observation.weights.view(layer.weight);
    const auto n = static_cast<size_t>(bias_.numel());
    largest_ = bias_.abs().max().item<double>();
    for (size_t r = 0; r + 1 < n; ++r)
      last_.push_back(!rows[static_cast<int64_t>(r)].equal(rows[static_cast<int64_t>(r) + 1]));
    last_.push_back(true);
    weight_ = differences(weight_);
    bias_ = differences(bias_);
    energy_ = weight_.square().sum().item<double>();
  }

  int64_t size() const { return bias_.numel(); }
  double bias(int64_t cell) const { return bias_[cell].item<double>(); }
  bool empty(int64_t cell) const { return !(std::abs(bias(cell)) > kEmpty * largest_); }
  double strength(int64_t cell) const { return std::max(std::abs(bias(cell)), kWeak * largest_); }
  at::Tensor image(int64_t cell) const { return weight_[cell].div(bias_[cell]); }
  /// Of a gradient by rows, in the last dimension.
  at::Tensor differences_of(const at::Tensor& rows) const {
    return differences(rows.t()).t().contiguous();
  }
  void remove(int64_t cell, const at::Tensor& pixels, double share) {
    weight_[cell].sub_(pixels, share);
    bias_[cell].sub_(share);
  }
  void clear(int64_t cell) {
    weight_[cell].zero_();
    bias_[cell].zero_();
  }
  /// The share of what the cells held at first that they still hold.
  double left() const { return weight_.square().sum().item<double>() / energy_; }

 private:
  at::Tensor differences(const at::Tensor& rows) const {
    at::Tensor out = rows.clone();
    for (size_t r = 0; r < last_.size(); ++r)
      if (!last_[r]) out[static_cast<int64_t>(r)].sub_(rows[static_cast<int64_t>(r) + 1]);
    return out;
  }

  at::Tensor weight_, bias_;  // [cells, pixels], [cells]
  std::vector<bool> last_;    // rows that end a group
  double largest_ = 0, energy_ = 0;
};

class Imprint final : public ClosedFormAttack {
 public:
  Imprint(const ClosedFormOptions& own, const AttackRequest& request)
      : ClosedFormAttack(own, request, "imprint") {}

 protected:
  const Layer& layer(const Model& model) const override {
    const Layer& first = model.layers().front();
    if (first.kind != Layer::Kind::kImprint)
      throw ConfigError(
          "imprint reads a block that a malicious server put before the network; set "
          "attack.threat=malicious-server and model.imprint_bins=128");
    return first;
  }

  Reading read(const Model& model, const Observation& observation, ImageFit* fit) const override {
    Cells cells(observation, layer(model));
    Reading out;
    out.images = peel(model, observation.batch, fit, &cells);
    const bool all = static_cast<int64_t>(out.images.size()) == observation.batch;
    out.status = all ? "verified" : out.images.empty() ? "unread" : "finished";
    out.unexplained = cells.left();
    if (!all) add_mixtures(model, observation.batch, fit, cells, &out.images);
    return out;
  }

 private:
  // An image, and what its best class leaves in each cell.
  struct Found {
    ReadImage read;
    at::Tensor cells;  // [cells], under the class of least misfit
  };

  static Found image_of(const Model& model, int64_t cell, ImageFit* fit, const Cells& cells) {
    const ImageShape& shape = model.input();
    Found out;
    out.read.image =
        cells.image(cell).view({shape.channels, shape.height, shape.width}).to(at::kFloat);
    const at::Tensor expected = cells.differences_of(fit->gradients(out.read.image));
    for (int64_t c = 0; c < model.classes(); ++c)
      out.read.misfit.push_back(std::abs(expected[c][cell].item<double>() - cells.bias(cell)) /
                                cells.strength(cell));
    const auto best = std::min_element(out.read.misfit.begin(), out.read.misfit.end());
    out.cells = expected[best - out.read.misfit.begin()];
    return out;
  }

  // Images that stand the test, each taken out of all its cells, until no cell gives another.
  std::vector<ReadImage> peel(const Model& model, int64_t batch, ImageFit* fit,
                              Cells* cells) const {
    std::vector<ReadImage> found;
    std::vector<bool> changed(static_cast<size_t>(cells->size()), true);
    for (bool progress = true; progress;) {
      progress = false;
      for (int64_t cell = 0; cell < cells->size(); ++cell) {
        if (static_cast<int64_t>(found.size()) == batch) return found;
        if (!changed[static_cast<size_t>(cell)] || cells->empty(cell)) continue;
        changed[static_cast<size_t>(cell)] = false;
        Found one = image_of(model, cell, fit, *cells);
        if (one.read.out_of_range() || one.read.least_misfit() > tolerance()) continue;
        const at::Tensor pixels = one.read.image.flatten().to(at::kDouble);
        const double share = cells->bias(cell);
        for (int64_t other = 0; other < cells->size(); ++other) {
          if (other == cell || one.cells[other].item<double>() == 0) continue;
          cells->remove(other, pixels, share);
          changed[static_cast<size_t>(other)] = true;
        }
        cells->clear(cell);
        found.push_back(std::move(one.read));
        progress = true;
      }
    }
    return found;
  }

  // What is left are cells of several images; the heaviest stand for those not found.
  void add_mixtures(const Model& model, int64_t batch, ImageFit* fit, const Cells& cells,
                    std::vector<ReadImage>* images) const {
    std::vector<int64_t> left;
    for (int64_t cell = 0; cell < cells.size(); ++cell)
      if (!cells.empty(cell)) left.push_back(cell);
    std::stable_sort(left.begin(), left.end(), [&](int64_t a, int64_t b) {
      return std::abs(cells.bias(a)) > std::abs(cells.bias(b));
    });
    for (const int64_t cell : left)
      if (static_cast<int64_t>(images->size()) < batch)
        images->push_back(image_of(model, cell, fit, cells).read);
  }
};

}  // namespace

RegistryEntry<AttackFactory> imprint() {
  const OptionTable<ClosedFormOptions> options =
      closed_form_options("cell", "largest relative error at which an image is verified");
  return {"imprint", "read images from a block that a malicious server put before the network",
          "Robbing the Fed: Fowl et al., ICLR 2022, arXiv 2110.13057", options.specs(),
          with_options(options, [](const ClosedFormOptions& own, const AttackRequest& request) {
            return std::make_unique<Imprint>(own, request);
          })};
}

}  // namespace medpfl
