#pragma once
#include "comm/communicator.hpp"
#include "core/error.hpp"

namespace medpfl {

/// Runs a step of writing on all ranks. An error of HDF5 on one rank ends all of them, as an
/// OutputError whose text `explain` makes from HDF5's. Collective. Throws AgreedError.
template <class Explain, class Step>
void agree_to_write(const Communicator& comm, const Explain& explain, const Step& step) {
  comm.agree([&] {
    try {
      step();
    } catch (const FormatError& error) {
      throw OutputError(explain(error.what()));
    }
  });
}

}  // namespace medpfl
