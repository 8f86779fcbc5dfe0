import Keyspace
import Primitives

/// How loading a file goes about it.
public struct LoadOptions {
    /// Keys whose time is over at this moment are left out; nil: none are.
    public var dropsExpiredAt: Milliseconds?
    /// What becomes of keys that are there already.
    public var replacesKeys = false
    /// What access bits mean.
    public var accessPolicy = AccessPolicy.recency
    /// From when idle times count.
    public var now: Milliseconds = 0
    /// A wrong or missing checksum is an error.
    public var checksSum = true
    /// A version that is newer than all known ones is tried.
    public var acceptsAnyVersion = false
    /// Values are read and forgotten: for a check of the file.
    public var discardsKeys = false
    /// Is told what the file has beside keys.
    public var observer: ((SnapshotEvent) -> Void)?

    /// As a start of the server wants it.
    public init() {}
}

/// What a file had in it.
public struct LoadedFile: Sendable {
    /// The version it was written in.
    public var version = SnapshotVersion.usual
    /// What is to be written again.
    public var extras = SnapshotExtras()
    /// Names and values of its AUX fields.
    public var fields: [(name: String, value: String)] = []
    /// Keys that are in the databases now.
    public var keys = 0
    /// Keys with an expiry.
    public var expiring = 0
    /// Keys left out because their time was over.
    public var expired = 0
    /// Keys left out because they held nothing.
    public var empty = 0
    /// The first of them.
    public var emptyKeys: [String] = []
    /// Names of modules whose data is kept as it is.
    public var modules: [String] = []

    init() {}
}

/// What a file has beside keys.
public enum SnapshotEvent {
    case field(name: String, value: String)
    case database(Int)
    /// The checksum is right, or there is none.
    case sum(isChecked: Bool)
}

/// What a loader is busy with, in the words of redis-check-rdb.
public enum LoadActivity: String, Sendable {
    case start
    case readType = "read-type"
    case readExpiry = "read-expire"
    case readKey = "read-key"
    case readValue = "read-object-value"
    case checkSum = "check-sum"
    case readLength = "read-len"
    case readField = "read-aux"
    case readModuleData = "read-module-aux"
    case readFunction = "read-function"
}

/// Reads a whole file.
public struct SnapshotLoader: ~Copyable {
    var decoder: SnapshotDecoder
    private let options: LoadOptions
    /// What was found so far.
    public private(set) var file = LoadedFile()
    /// What is being done.
    public private(set) var activity = LoadActivity.start
    /// The code of the value that is being read.
    public private(set) var valueCode: UInt8?
    private var database = DatabaseIndex(0)
    private var hasBegun = false
    /// What stands in front of the next key.
    private var prefix = KeyPrefix()
    /// The key whose value is read.
    private var key = GrowingBytes(capacity: 256)

    private struct KeyPrefix {
        var expiry: Milliseconds?
        var idleSeconds: UInt64?
        var frequency: UInt8?
    }

    /// Nothing is read yet.
    public init(_ source: consuming ByteSource, _ limits: LoadLimits, _ options: LoadOptions) {
        decoder = SnapshotDecoder(source, limits)
        self.options = options
    }

    /// Bytes that were read from the file and belong to what stands behind the snapshot.
    public mutating func takeRest() -> GrowingBytes { decoder.source.takeRest() }

    /// Bytes read so far.
    public var offset: Int { decoder.source.offset }

    /// Makes keys of the file be in the keyspace, until about so many bytes more are read;
    /// true when all are. `afterKey` is called behind each key.
    public mutating func step(
        into keyspace: inout Keyspace, bytes: Int, afterKey: () -> Void = {}
    ) throws(SnapshotError) -> Bool {
        let goal = offset.addingReportingOverflow(bytes)
        if !hasBegun {
            try readMagic()
            hasBegun = true
        }
        while goal.overflow || offset < goal.partialValue {
            activity = .readType
            let code = try decoder.source.byte()
            guard let opcode = Opcode(rawValue: code) else {
                try readKey(code, &keyspace)
                afterKey()
                continue
            }
            if case .end = opcode {
                try checkSum()
                return true
            }
            try read(opcode, &keyspace)
        }
        return false
    }

    private mutating func readMagic() throws(SnapshotError) {
        var magic: [UInt8] = []
        for _ in 0..<9 { magic.append(try decoder.source.byte()) }
        let text = String(decoding: magic, as: UTF8.self)
        if text.hasPrefix("VALKEY"), let number = Int(text.dropFirst(6)) {
            guard number == SnapshotVersion.valkey80.number || options.acceptsAnyVersion else {
                throw decoder.failure("Can't handle RDB format version \(number)")
            }
            file.version = .valkey80
            decoder.isValkey = true
            return
        }
        guard text.hasPrefix("REDIS") else { throw decoder.failure("Wrong signature trying to load DB from file") }
        guard let number = Int(text.dropFirst(5)), number >= 1,
            number <= SnapshotVersion.newestRead || options.acceptsAnyVersion
        else { throw decoder.failure("Can't handle RDB format version \(text.dropFirst(5))") }
        file.version = .redis(number)
    }

    private mutating func checkSum() throws(SnapshotError) {
        activity = .checkSum
        guard file.version.hasChecksum else { return }
        let expected = decoder.source.currentSum()
        let found = try decoder.source.littleEndian(UInt64.self)
        guard options.checksSum, found != 0, let expected, expected != found else {
            options.observer?(.sum(isChecked: options.checksSum && found != 0))
            return
        }
        throw decoder.failure(
            "RDB CRC error: wrong checksum, expected (\(String(expected, radix: 16))) but got (\(String(found, radix: 16)))")
    }

    // MARK: What is no key

    private mutating func read(_ opcode: Opcode, _ keyspace: inout Keyspace) throws(SnapshotError) {
        activity = Self.activity(opcode)
        switch opcode {
        case .expirySeconds:
            prefix.expiry = Int64(try decoder.source.littleEndian(Int32.self)) * 1000
        case .expiryMilliseconds: prefix.expiry = try decoder.source.littleEndian(Int64.self)
        case .frequency: prefix.frequency = try decoder.source.byte()
        case .idle: prefix.idleSeconds = try decoder.number()
        case .select: try select(keyspace.databaseCount)
        case .resize:
            let keys = try decoder.length()
            let expiring = try decoder.length()
            reserve(keys, expiring, &keyspace)
        case .slotInfo: for _ in 0..<3 { _ = try decoder.number() }
        case .aux: try readField()
        case .function:
            try decoder.string()
            let library = decoder.text.bytes.array
            file.extras.functions.append(library)
        case .functionOld: throw decoder.failure("Pre-release function format not supported")
        case .moduleAux: try readModuleData()
        case .end: break
        }
    }

    private static func activity(_ opcode: Opcode) -> LoadActivity {
        switch opcode {
        case .expirySeconds, .expiryMilliseconds: .readExpiry
        case .select, .resize, .slotInfo, .frequency, .idle: .readLength
        case .aux: .readField
        case .moduleAux: .readModuleData
        case .function, .functionOld: .readFunction
        case .end: .checkSum
        }
    }

    private mutating func select(_ databases: Int) throws(SnapshotError) {
        let number = try decoder.length()
        options.observer?(.database(number))
        guard !options.discardsKeys else { return }
        guard number < databases else {
            throw decoder.failure("Data file was created with a server configured to handle more than \(databases) databases")
        }
        database = DatabaseIndex(number)
    }

    /// Makes room ahead of the keys, as far as the rest of the file can hold so many.
    private mutating func reserve(_ keys: Int, _ expiring: Int, _ keyspace: inout Keyspace) {
        guard !options.discardsKeys else { return }
        let possible = min(keys, decoder.source.remaining / 3)
        let partitions = keyspace[database].partitionCount
        for index in 0..<partitions {
            let present = keyspace[database][partition: index].count
            keyspace[database][partition: index].reserve(
                present + possible / partitions, expiring: min(expiring, possible) / partitions)
        }
    }

    private mutating func readField() throws(SnapshotError) {
        try decoder.string()
        let name = decoder.text.bytes.text
        try decoder.string()
        let value = decoder.text.bytes.text
        file.fields.append((name, value))
        options.observer?(.field(name: name, value: value))
    }

    // MARK: Keys

    private mutating func readKey(_ code: UInt8, _ keyspace: inout Keyspace) throws(SnapshotError) {
        activity = .readKey
        valueCode = code
        try decoder.string()
        swap(&key, &decoder.text)
        activity = .readValue
        let prefix = prefix
        self.prefix = KeyPrefix()
        let value: DecodedValue
        do throws(SnapshotError) {
            value = try decoder.value(code: code)
        } catch {
            var failure = error
            failure.key = key.bytes.array
            throw failure
        }
        valueCode = nil
        if prefix.expiry != nil { file.expiring += 1 }
        if let expiry = prefix.expiry, let moment = options.dropsExpiredAt, expiry <= moment {
            file.expired += 1
            if options.discardsKeys { file.keys += 1 }
            return
        }
        if options.discardsKeys {
            file.keys += 1
            return
        }
        try store(value, prefix, &keyspace)
    }

    private mutating func store(
        _ value: consuming DecodedValue, _ prefix: KeyPrefix, _ keyspace: inout Keyspace
    ) throws(SnapshotError) {
        let hash = keyspace.hash(key.bytes)
        let existing = keyspace[database][hash].find(key.bytes, hash)
        guard existing == nil || options.replacesKeys else {
            throw decoder.failure("RDB has duplicated key '\(key.bytes.text)' in DB \(database.value)")
        }
        if decoder.store(
            value, at: key.bytes, hash, existing: existing, prefix.expiry, access(prefix), in: &keyspace[database][hash]) {
            file.keys += 1
        } else {
            file.empty += 1
            if file.emptyKeys.count < Self.namedKeys {
                let name = key.bytes.text
                file.emptyKeys.append(name)
            }
        }
    }

    /// Empty keys that are told by name.
    private static var namedKeys: Int { 100 }

    private func access(_ prefix: KeyPrefix) -> AccessBits {
        switch options.accessPolicy {
        case .frequency:
            if let frequency = prefix.frequency { return AccessBits(frequencyAt: options.now, counter: frequency) }
        case .recency, .modification:
            if let idle = prefix.idleSeconds {
                return AccessBits(seconds: max(0, options.now - Int64(min(idle, 1 << 32)) * 1000))
            }
        }
        return options.accessPolicy.initial(at: options.now)
    }

    // MARK: Data of modules

    /// Reads what a module has put beside the keys; it is kept as it stands, to be written again.
    private mutating func readModuleData() throws(SnapshotError) {
        var copy = SnapshotEncoder(.usual, compresses: false)
        let identifier = try decoder.number()
        copy.number(identifier)
        let name = Self.moduleName(identifier)
        file.modules.append(name)
        copy.number(try decoder.number())
        copy.number(try decoder.number())
        while true {
            let opcode = try decoder.number()
            copy.number(opcode)
            switch opcode {
            case 0:
                let data = copy.bytes.bytes.array
                file.extras.moduleData.append(data)
                return
            case 1, 2: copy.number(try decoder.number())
            case 3: copy.bytes.append(littleEndian: try decoder.source.littleEndian(UInt32.self))
            case 4: copy.bytes.append(littleEndian: try decoder.source.littleEndian(UInt64.self))
            case 5:
                try decoder.string()
                copy.string(decoder.text.bytes)
            default: throw decoder.failure("unknown opcode \(opcode) in the data of a module")
            }
        }
    }

    /// Nine letters of six bits, and ten bits of version.
    static func moduleName(_ identifier: UInt64) -> String {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        var name: [UInt8] = []
        for index in 0..<9 { name.append(letters[Int(identifier >> UInt64(10 + 6 * (8 - index)) & 63)]) }
        return String(decoding: name, as: UTF8.self)
    }
}
