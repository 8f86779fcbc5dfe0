// swift-tools-version:6.2
import PackageDescription

// The rooms of the house, from the ground up: imports only go down.
// `make tidy` checks the imports of every file against Tools/tidy/imports.txt,
// because SwiftPM lets transitive imports through.
let safety: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .enableExperimentalFeature("Lifetimes"),
]

let tests: [SwiftSetting] = [.swiftLanguageMode(.v6), .enableExperimentalFeature("Lifetimes")]

// AddressSanitizer brings an allocator of its own: NEEDLETAIL_SANITIZE=1 leaves jemalloc out.
let isSanitized = Context.environment["NEEDLETAIL_SANITIZE"] == "1"

let package = Package(
    name: "needletail",
    products: [
        .executable(name: "needletail-server", targets: ["needletail-server"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    ],
    targets: [
        // C shims and system libraries, no logic.
        .target(
            name: "CSystem", cSettings: isSanitized ? [.define("CS_PLAIN_MALLOC")] : [],
            linkerSettings: isSanitized ? [] : [.linkedLibrary("jemalloc")]),
        // Byte views and buffers, hashing, random, clock, numbers<->text.
        .target(
            name: "Primitives",
            dependencies: ["CSystem", .product(name: "BasicContainers", package: "swift-collections")],
            swiftSettings: safety),
        // Siblings: pure containers | the wire protocol.
        .target(name: "Structures", dependencies: ["Primitives", "CSystem"], swiftSettings: safety),
        .target(name: "RESP", dependencies: ["Primitives"], swiftSettings: safety),
        // Siblings: event loop and sockets | files, signals, allocator, threads.
        .target(name: "Networking", dependencies: ["Primitives", "CSystem"], swiftSettings: safety),
        .target(name: "System", dependencies: ["Primitives", "CSystem"], swiftSettings: safety),
        // Values, entries, partitions, databases, expiry.
        .target(
            name: "Keyspace",
            dependencies: ["Structures", "Primitives", "CSystem", .product(name: "BasicContainers", package: "swift-collections")],
            swiftSettings: safety),
        // RDB and AOF codecs over byte sources and sinks; snapshot and load.
        .target(name: "Persistence", dependencies: ["Keyspace", "Structures", "RESP", "Primitives"], swiftSettings: safety),
        // Sessions, dispatch, the execution unit, blocking. Knows no single command.
        .target(
            name: "Engine",
            dependencies: ["Persistence", "Keyspace", "RESP", "Primitives", .product(name: "BasicContainers", package: "swift-collections")],
            swiftSettings: safety),
        // The command families.
        .target(name: "Commands", dependencies: ["Engine", "Persistence", "Keyspace", "Structures", "RESP", "Primitives"], swiftSettings: safety),
        // Composition root: configuration, wiring, cron, signals, logging.
        .target(
            name: "Server",
            dependencies: ["Commands", "Engine", "Persistence", "Keyspace", "RESP", "Networking", "System", "Primitives", "CSystem"],
            swiftSettings: safety),
        .executableTarget(name: "needletail-server", dependencies: ["Server"], swiftSettings: safety),

        // Random cases against an engine; not part of the server.
        .executableTarget(name: "needletail-fuzz", dependencies: ["Fuzzing", "Primitives"], swiftSettings: safety),

        // An engine in the test's process, and a client written like a transcript.
        .target(
            name: "TestSupport", dependencies: ["Commands", "Engine", "Keyspace", "RESP", "Primitives"],
            path: "Tests/TestSupport", swiftSettings: tests),
        .target(
            name: "Fuzzing", dependencies: ["TestSupport", "Engine", "Persistence", "Primitives"], path: "Tests/Fuzzing", exclude: ["Seeds"],
            swiftSettings: tests),
        .testTarget(name: "PrimitivesTests", dependencies: ["Primitives"], swiftSettings: tests),
        .testTarget(name: "StructuresTests", dependencies: ["Structures", "Primitives"], swiftSettings: tests),
        .testTarget(name: "RESPTests", dependencies: ["RESP", "Primitives"], swiftSettings: tests),
        .testTarget(name: "NetworkingTests", dependencies: ["Networking", "Primitives"], swiftSettings: tests),
        .testTarget(name: "SystemTests", dependencies: ["System"], swiftSettings: tests),
        .testTarget(name: "KeyspaceTests", dependencies: ["Keyspace", "Structures", "Primitives", "CSystem"], swiftSettings: tests),
        .testTarget(
            name: "PersistenceTests", dependencies: ["TestSupport", "Persistence", "Engine", "Keyspace", "Structures", "Primitives"],
            swiftSettings: tests),
        .testTarget(
            name: "EngineTests", dependencies: ["TestSupport", "Fuzzing", "Commands", "Engine", "Keyspace", "RESP", "Primitives", "System"],
            swiftSettings: tests),
        // Needs a live peer; skipped where there is none.
        .testTarget(
            name: "DifferentialTests", dependencies: ["TestSupport", "Server", "Commands", "Engine", "Primitives", "RESP"],
            swiftSettings: tests),
        .testTarget(
            name: "CommandsTests", dependencies: ["TestSupport", "Commands", "Engine", "Keyspace", "RESP", "Primitives"],
            swiftSettings: tests),
        .testTarget(
            name: "ServerTests", dependencies: ["Server", "Commands", "Engine", "Primitives", "System"], swiftSettings: tests),
    ]
)
