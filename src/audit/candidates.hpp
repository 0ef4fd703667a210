#pragma once
#include <string>
#include <utility>
#include <vector>

#include "config/config.hpp"

namespace medpfl {

/// An attack with its options, one of those that a rehearsal compares.
struct CandidateAttack {
  std::string name;    ///< as a folder or a block of a grid is named: "cosine-tv-0.01"
  std::string method;  ///< in attacks()
  std::vector<std::pair<std::string, std::string>> options;  ///< of [attack.METHOD]

  /// Returns the options in one line, as "tv=0.01 grey=true".
  std::string describe() const;
  /// Sets the attack and its options in a configuration; `source` says who does.
  void assign(Config* config, const std::string& source) const;
};

/// What decides which candidates there are.
struct Messages {
  bool single_images = true;   ///< whether each message is of one image
  bool several_steps = false;  ///< whether messages are changes of weights by several local steps
};

/// Returns the candidates for such messages: closed forms; distances of gradients with a line
/// search; the cosine distance with total variation, of colors too, from weak to strong as noise
/// asks for; an untrained generator; statistics of batch normalization; several local steps.
std::vector<CandidateAttack> candidates_for(const Messages& messages);

/// Returns the candidates that fit a configuration, each with what attack.adapt adds for its
/// defenses. What does not fit (another network, another kind of message) is left out.
std::vector<CandidateAttack> applicable(const std::vector<CandidateAttack>& candidates,
                                        const Config& base);

/// Returns the text of a grid whose points are the candidates, in their order.
std::string grid_of(const std::vector<CandidateAttack>& candidates);

}  // namespace medpfl
