#pragma once
#include <cstdint>
#include <vector>

namespace medpfl {

// Upper bounds on the probability that an attacker identifies an image, for any attacker with any
// computing power who knows all but the image. The game: one of K images, fixed beforehand, was
// used, each with a probability of at most `kappa` (1/K where all are equally likely); the attacker
// knows the K, all other images and the whole protocol, sees all releases, and names one. The
// bounds compare each candidate with one reference, the same data without the image. They therefore
// need the privacy loss under add/remove adjacency (the image present, or without a gradient), not
// the greater one between two candidates (replace-one).
// Kaissis, Hayes, Ziller, Rueckert 2023, "Bounding data reconstruction attacks with the hypothesis
// testing interpretation of differential privacy", arXiv:2307.03928; Balle, Cherubin, Hayes 2022,
// "Reconstructing training data with informed adversaries", arXiv:2201.04845.

/// The number of candidates for which the bound of a run is stored. The rank of the truth takes as
/// many of a hospital's images for candidates.
inline constexpr int64_t kBoundCandidates = 256;

/// Returns Phi(Phi^-1(kappa) + mu), Phi being the distribution function of N(0, 1): the bound for
/// Gaussian releases without sampling. `mu` >= 0, infinity allowed, is the square root of the sum
/// over releases of 1 / sigma^2, with sigma the standard deviation of the noise over the greatest
/// L2 norm of the image's contribution; sqrt(T) / sigma for T equal ones. It is a bound under
/// sampling too, and then holds for an image that is known to have been in every batch. `kappa` in
/// (0, 1] is the probability of success without the releases. Throws ConfigError on arguments
/// outside these ranges.
double gaussian_identification_bound(double kappa, double mu);

/// Returns the least of 1 and (kappa exp(rdp[i]))^((a-1)/a) over the orders a = orders[i] > 1: the
/// bound from Renyi divergences (nats, >= 0, infinity allowed) of all releases together, with
/// against without the image, whatever the mechanism and its sampling; `kappa` itself where all
/// divergences are 0. Throws ConfigError unless 0 < kappa <= 1, and an internal Error where orders
/// and divergences differ in number.
double renyi_identification_bound(double kappa, const std::vector<double>& orders,
                                  const std::vector<double>& rdp);

/// Returns the greatest probability with which one image of a message is the nearest of
/// `candidates` images to some of the `images` reconstructions of that message, without seeing it:
/// images / (candidates - images + 1), at most 1. It is granted that the attacker knows the other
/// images of the message, which leaves candidates - images + 1 equally likely ones, and may name
/// `images` of these. `classes` > 1: the attacker is also told the image's class, one of so many,
/// which multiplies the probability by at most that number. Returns 1 where candidates < images.
/// Throws ConfigError unless images and classes are at least 1.
double chance_of_identification(int64_t images, int64_t candidates, int64_t classes = 1);

}  // namespace medpfl
