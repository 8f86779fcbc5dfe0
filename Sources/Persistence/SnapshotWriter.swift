import Keyspace
import Primitives
import Structures

/// What stands in a file beside the keys.
public struct SnapshotExtras: Sendable {
    /// Names and values of AUX fields, in order.
    public var fields: [(name: String, value: String)] = []
    /// Libraries of functions, as they stood in the file that was loaded.
    public var functions: [[UInt8]] = []
    /// Data of modules, as above, without the opcode.
    public var moduleData: [[UInt8]] = []

    /// Nothing.
    public init() {}
}

/// How a file is written.
public struct SnapshotSettings: Sendable {
    /// The version to write.
    public var version = SnapshotVersion.usual
    /// Whether long strings are compressed.
    public var compresses = true
    /// Whether the file ends with its checksum.
    public var checks = true
    /// Whether it is written how long keys were not used.
    public var writesIdleTimes = false
    /// Whether it is written how often keys are used.
    public var writesFrequencies = false
    /// The moment from which idle times count.
    public var now: Milliseconds = 0
    /// Minutes after which a count of uses loses one.
    public var lfuDecayMinutes = 1

    /// As the default settings say.
    public init() {}
}

/// Writes all keys into a file.
public struct SnapshotWriter: ~Copyable {
    private var encoder: SnapshotEncoder
    private let settings: SnapshotSettings
    /// Keys written.
    public private(set) var keys = 0

    /// `drain` gets the bytes in order; it returns an errno, 0 for success.
    public init(_ settings: SnapshotSettings, drain: @escaping (RawSpan) -> Int32) {
        self.settings = settings
        encoder = SnapshotEncoder(
            settings.version, compresses: settings.compresses, checks: settings.checks && settings.version.hasChecksum,
            drain: drain)
    }

    /// Writes everything; `afterKey` is called behind each key with the number of keys so
    /// far, and says whether to go on. Returns an errno, 0 for success.
    public mutating func write(
        _ keyspace: borrowing Keyspace, _ extras: SnapshotExtras, afterKey: (Int) -> Bool = { _ in true }
    ) -> Int32 {
        encoder.bytes.append(settings.version.magic.rawSpan)
        for (name, value) in extras.fields {
            encoder.append(.aux)
            encoder.string(name)
            encoder.string(value)
        }
        for data in extras.moduleData {
            encoder.append(.moduleAux)
            encoder.bytes.append(data.rawSpan)
        }
        for library in extras.functions {
            encoder.append(.function)
            encoder.string(library.rawSpan)
        }
        var walk = SnapshotWalk()
        var goesOn = true
        steps: while goesOn, encoder.failureNumber == 0 {
            let step = walk.step(in: keyspace) { entry in
                guard goesOn else { return }
                write(entry)
                goesOn = afterKey(keys)
            }
            switch step {
            case .begin(let index): begin(index, keyspace)
            case .bucket: encoder.flush()
            case .end: break steps
            }
        }
        guard goesOn else { return Self.interrupted }
        encoder.append(.end)
        encoder.flush(always: true)
        if settings.version.hasChecksum {
            encoder.bytes.append(littleEndian: encoder.sum)
            encoder.flush(always: true)
        }
        return encoder.failureNumber
    }

    /// EINTR: `afterKey` has stopped the writing.
    private static var interrupted: Int32 { 4 }

    private mutating func begin(_ index: DatabaseIndex, _ keyspace: borrowing Keyspace) {
        encoder.append(.select)
        encoder.length(index.value)
        encoder.append(.resize)
        encoder.length(keyspace[index].count)
        encoder.length(keyspace[index].expiringCount)
    }

    private mutating func write(_ entry: Entry) {
        if let expiry = entry.expiry {
            encoder.append(.expiryMilliseconds)
            encoder.bytes.append(littleEndian: expiry)
        }
        if settings.writesIdleTimes {
            encoder.append(.idle)
            encoder.length(Int(entry.access.idleSeconds(at: settings.now)))
        }
        if settings.writesFrequencies {
            encoder.append(.frequency)
            encoder.bytes.append(entry.access.frequency(at: settings.now, decayMinutes: settings.lfuDecayMinutes))
        }
        let code = encoder.code(of: entry)
        encoder.append(code)
        encoder.string(entry.key)
        encoder.value(of: entry, as: code)
        keys += 1
    }
}
