#pragma once
#include "study/federated_study.hpp"

namespace medpfl {

/// Fills in what a resumed run needs: `shared` on every rank, `server` on rank 0, and the name of
/// the file of client states. To be called on rank 0.
void save_study(RunKeeper* keeper, FederatedStudy* study, Checkpoint* checkpoint);

/// Takes over what save_study wrote, from the checkpoint that `keeper` found, into a study that is
/// loaded and whose files are open. Collective. Throws AgreedError.
void restore_study(const RunContext& context, RunKeeper* keeper, FederatedStudy* study);

/// Removes the files that the run wrote after the checkpoint from which its state was restored.
/// Collective. Throws AgreedError.
void remove_unknown_files(const RunContext& context, const FederatedStudy& study);

}  // namespace medpfl
