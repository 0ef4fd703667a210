#pragma once
#include "core/bytes.hpp"
#include "study/federated_study.hpp"

namespace medpfl {

/// Writes what every rank of a resumed run needs of its checkpoint. On rank 0.
void save_shared(const RunKeeper& keeper, const FederatedStudy& study, ByteWriter* out);
/// Writes what rank 0 of a resumed run needs besides. On rank 0.
void save_server(const RunKeeper& keeper, const FederatedStudy& study, ByteWriter* out);

/// Takes over the state that both wrote, from the checkpoint that `keeper` found, into a study that
/// is loaded and whose files are open. Collective. Throws AgreedError.
void restore_study(const RunContext& context, RunKeeper* keeper, FederatedStudy* study);

/// Removes files of the run that the restored state does not know, of an interval that was not
/// finished. Collective. Throws AgreedError.
void remove_unknown_files(const RunContext& context, const FederatedStudy& study);

}  // namespace medpfl
