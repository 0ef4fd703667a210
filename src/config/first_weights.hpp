#pragma once
#include <string>

#include "config/settings.hpp"

namespace medpfl {

/// Returns the weights of round 0: those that model.weights names, else weights drawn with the
/// server's seed. Throws DataError where they do not fit the network, or cannot be read. Reads
/// files: call it on one rank.
FlatParameters make_first_weights(const Settings& settings, const Model& model);

/// Returns the digest (core/digest.hpp, hexadecimal) of the weights that model.weights names; ""
/// where it names none. Throws DataError. Reads files: call it on one rank.
std::string digest_weights(const Settings& settings);

}  // namespace medpfl
