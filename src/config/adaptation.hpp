#pragma once
#include <string>

#include "config/config.hpp"
#include "config/settings.hpp"

namespace medpfl {

/// The source of options that an attack got because of the defense chain.
inline const std::string kAdaptation = "attack.adapt";

/// The source of options that served best in a rehearsal under the same defenses. An attack with
/// such options answers the chain, whatever answers() says, but for what unanswered() names.
inline const std::string kRehearsal = "rehearsal";

/// Under attack.adapt=auto sets options of the attacks that attack.method names to what an attacker
/// would choose who knows defense.chain, with the source kAdaptation. Only options at their default
/// change; what an earlier call set counts as default. Leaves a configuration that make_settings
/// refuses alone.
void adapt_attacks(Config* config);

/// Returns the options of [attack.METHOD] that adapt_attacks set, as "objective=cosine, tv=0.03".
std::string adapted_options(const Config& config, const std::string& method);

/// Whether these countermeasures answer all that a chain of defenses hides in messages of so many
/// entries. What hides nothing needs no answer; what unanswered() names has none, though
/// adapt_attacks sets the options that help most. Against noise and zeros total variation counts
/// where its weight lies within a factor of 3 of what adapt_attacks would choose; where the chain
/// does not tell how strong the noise is, any weight above 0 counts.
bool answers(const Countermeasures& counters, const Traces& traces, int64_t entries);

}  // namespace medpfl
