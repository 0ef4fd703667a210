# LibTorch as the target medpfl_torch: the one that find_package finds, or that of MEDPFL_LIBTORCH.
set(MEDPFL_LIBTORCH "" CACHE PATH "A LibTorch, or the folder torch of a PyTorch: that with include and lib. Empty: the one that CMake finds")
set(torch_cxx20_from 2.13)  # its headers demand C++20

add_library(medpfl_torch INTERFACE)
if(MEDPFL_LIBTORCH)
  # The package of a LibTorch for CUDA would demand the CUDA toolkit, which neither compiling nor linking needs.
  if(NOT EXISTS ${MEDPFL_LIBTORCH}/lib/libtorch_cpu.so)
    message(FATAL_ERROR "MEDPFL_LIBTORCH=${MEDPFL_LIBTORCH} has no lib/libtorch_cpu.so")
  endif()
  set(torch_include ${MEDPFL_LIBTORCH}/include)
  find_file(torch_version_header NAMES torch/headeronly/version.h torch/csrc/api/include/torch/version.h
            PATHS ${torch_include} NO_DEFAULT_PATH NO_CACHE REQUIRED)
  set(Torch_VERSION "")
  foreach(part MAJOR MINOR PATCH)
    file(STRINGS ${torch_version_header} line REGEX "define TORCH_VERSION_${part} +[0-9]+")
    string(REGEX MATCH "[0-9]+$" number "${line}")
    list(APPEND Torch_VERSION ${number})
  endforeach()
  list(JOIN Torch_VERSION "." Torch_VERSION)
  # libtorch.so brings the library for CUDA, if any, though nothing here calls it by name.
  # It exports parts of an old libstdc++, whose std::filesystem::remove_all crashes, so that the compiler's comes first.
  # By name, for beside it may lie a libgomp, which CMake would not let be found before the compiler's.
  target_link_libraries(medpfl_torch INTERFACE -Wl,--no-as-needed -lstdc++ -ltorch -Wl,--as-needed -ltorch_cpu -lc10)
  target_link_options(medpfl_torch INTERFACE -L${MEDPFL_LIBTORCH}/lib -Wl,-rpath,${MEDPFL_LIBTORCH}/lib)
  # What these link lies beside them, as pip puts it.
  file(GLOB torch_needs ${MEDPFL_LIBTORCH}/../nvidia/*/lib)
  foreach(folder ${torch_needs})
    target_link_options(medpfl_torch INTERFACE -Wl,-rpath-link,${folder})
  endforeach()
  # PyTorch brings headers of a {fmt} of its own, and the library that is linked is the system's.
  if(EXISTS ${torch_include}/fmt)
    find_path(MEDPFL_FMT_INCLUDE_DIR fmt/format.h REQUIRED)
    file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/before_torch)
    file(CREATE_LINK ${MEDPFL_FMT_INCLUDE_DIR}/fmt ${CMAKE_BINARY_DIR}/before_torch/fmt SYMBOLIC)
    target_include_directories(medpfl_torch SYSTEM BEFORE INTERFACE ${CMAKE_BINARY_DIR}/before_torch)
  endif()
  target_include_directories(medpfl_torch SYSTEM INTERFACE ${torch_include} ${torch_include}/torch/csrc/api/include)
else()
  find_package(Torch REQUIRED)
  target_include_directories(medpfl_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
  target_link_libraries(medpfl_torch INTERFACE ${TORCH_LIBRARIES})
  separate_arguments(torch_flags NATIVE_COMMAND "${TORCH_CXX_FLAGS}")
  target_compile_options(medpfl_torch INTERFACE $<$<COMPILE_LANGUAGE:CXX>:${torch_flags}>)
endif()
# Without OpenMP in our own files at::parallel_for there runs on one thread.
find_package(OpenMP REQUIRED COMPONENTS CXX)
target_link_libraries(medpfl_torch INTERFACE OpenMP::OpenMP_CXX)

if(Torch_VERSION VERSION_GREATER_EQUAL torch_cxx20_from)
  set(CMAKE_CXX_STANDARD 20)
endif()
message(STATUS "LibTorch ${Torch_VERSION}, C++${CMAKE_CXX_STANDARD}")
