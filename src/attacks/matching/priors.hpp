#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace medpfl {

/// Images as priors see them: float32 [n, channels, height, width], row-major.
struct ImageView {
  const float* data = nullptr;
  int64_t n = 1, channels = 1, height = 1, width = 1;
  int64_t plane() const { return height * width; }
  int64_t size() const { return n * channels * plane(); }
};

/// A prior: what an attacker holds likely of images without looking at the gradient.
struct Prior {
  std::string name;  ///< name of the option that gives its weight
  std::string help;
  bool variation = false;  ///< whether it is a total variation
  /// Returns the prior's value R at the images and adds weight * dR/d images to `gradient`.
  double (*evaluate)(const ImageView& images, double weight, float* gradient);
};

/// Returns all priors, in the order of their options. tv: anisotropic total variation, the mean of
/// |differences| to the right plus that of |differences| downward (Geiping et al. 2020).
/// tv_isotropic: mean of the length of (right, down). tv_colour: the same over the channels and the
/// three differences of two channels; equal to tv_isotropic unless there are 3 channels. image_l2:
/// mean of squares.
const std::vector<Prior>& priors();

/// Returns how much of these weights of priors() is on total variation, of whatever kind.
double total_variation(const std::vector<double>& weights);

/// Returns the group consistency of `members` candidates, `stride` apart, each of n values: the
/// mean over values of the squared distance to the members' mean, summed over members
/// (GradInversion, arXiv 2104.07586, without its registration). Adds weight * its gradient to
/// `gradient`, laid out alike.
double group_consistency(const float* x, int64_t members, int64_t stride, int64_t n, double weight,
                         float* gradient);

/// Replaces each of `planes` planes [height, width] by its 3 x 3 median; borders are repeated.
void median_filter(float* images, int64_t planes, int64_t height, int64_t width);

}  // namespace medpfl
