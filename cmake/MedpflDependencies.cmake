# Every outside library, found once, as targets.
include(MedpflTorch)
find_package(MPI REQUIRED COMPONENTS C)
# The C++ bindings of MPI 2 would have to be linked although nothing uses them.
set_property(TARGET MPI::MPI_C APPEND PROPERTY
             INTERFACE_COMPILE_DEFINITIONS OMPI_SKIP_MPICXX=1 MPICH_SKIP_MPICXX=1)
set(HDF5_PREFER_PARALLEL ON)
find_package(HDF5 1.10 REQUIRED COMPONENTS C HL)
if(NOT HDF5_IS_PARALLEL)
  message(FATAL_ERROR "The HDF5 found has no MPI support: install libhdf5-openmpi-dev, "
                      "or set HDF5_ROOT to a parallel HDF5.")
endif()
find_package(Boost CONFIG REQUIRED COMPONENTS program_options)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(ZLIB REQUIRED)
find_package(PNG REQUIRED)
find_package(JPEG REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(libzip REQUIRED IMPORTED_TARGET libzip)
pkg_check_modules(libsodium REQUIRED IMPORTED_TARGET libsodium)
# The BLAS that LibTorch computes with, which Debian chooses by its alternatives.
find_package(BLAS REQUIRED)
find_path(MEDPFL_CBLAS_INCLUDE_DIR cblas.h PATH_SUFFIXES openblas REQUIRED)

add_library(medpfl_blas INTERFACE)
target_include_directories(medpfl_blas SYSTEM INTERFACE ${MEDPFL_CBLAS_INCLUDE_DIR})
target_link_libraries(medpfl_blas INTERFACE BLAS::BLAS)

add_library(medpfl_hdf5 INTERFACE)
target_include_directories(medpfl_hdf5 SYSTEM INTERFACE ${HDF5_INCLUDE_DIRS})
target_link_libraries(medpfl_hdf5 INTERFACE ${HDF5_HL_LIBRARIES} ${HDF5_LIBRARIES} MPI::MPI_C)
target_compile_definitions(medpfl_hdf5 INTERFACE ${HDF5_DEFINITIONS})
