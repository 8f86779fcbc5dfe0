// What the system may refuse when a setting changes: other sockets, more
// descriptors, another score. Shared by the server and the closures by which
// CONFIG SET asks.

import Engine
import Networking
import Primitives
import Synchronization
import System

/// The state of the process that settings change.
final class HostControl: Sendable {
    private struct State {
        /// The out-of-memory score before it was changed; nil while it is not ours.
        var originalScore: Int64?
        /// What children get in its place, where scores are ours.
        var childScore: Int64?
        /// The TCP sockets that the loop accepts from, and the settings they follow.
        var listening: [ListeningSocket] = []
        var network = NetworkSettings()
        /// Sockets that are to take their place, and the settings these follow.
        var replacement: (sockets: [ListeningSocket], network: NetworkSettings)?
    }

    private let state = Mutex(State())
    private let logger: Logger

    init(logger: Logger) { self.logger = logger }

    // MARK: Out-of-memory score

    /// Writes the score that the settings ask for, or gives the original back. Why not, if it fails.
    func adjustScore(_ settings: ProcessSettings) -> String? {
        state.withLock { state in
            let kind = settings.outOfMemoryScore
            guard kind != .no || state.originalScore != nil else { return nil }
            let original = state.originalScore ?? Process.outOfMemoryScore ?? 0
            func score(_ value: Int64) -> Int64 { min(max(kind == .absolute ? value : original + value, -1000), 1000) }
            let failure = Process.setOutOfMemoryScore(kind == .no ? original : score(settings.outOfMemoryValues.first ?? 0))
            guard failure == 0 else {
                logger.warning("Unable to write oom_score_adj: \(errorText(failure))")
                return "Failed to set current oom_score_adj. Check server logs."
            }
            state.originalScore = kind == .no ? nil : original
            state.childScore = kind == .no ? nil : settings.outOfMemoryValues.last.map(score)
            return nil
        }
    }

    /// In a child: gives it the score that the settings have for children.
    func adjustChildScore() {
        guard let score = state.withLock({ $0.childScore }) else { return }
        let failure = Process.setOutOfMemoryScore(score)
        if failure != 0 { logger.warning("Unable to write oom_score_adj: \(errorText(failure))") }
    }

    // MARK: Clients

    /// Descriptors that are needed beside those of clients.
    private static var reservedDescriptors: Int64 { 32 }

    /// Raises the limit of descriptors as far as it goes; how many clients it is enough for.
    static func possibleClients(_ wanted: Int64) -> Int64 {
        let sum = wanted.addingReportingOverflow(reservedDescriptors)
        return max(1, Process.raiseDescriptorLimit(sum.overflow ? Int64.max : sum.partialValue) - reservedDescriptors)
    }

    /// Why there cannot be so many clients; nil when there can.
    func allowClients(_ wanted: Int64) -> String? {
        let possible = Self.possibleClients(wanted)
        guard possible < wanted else { return nil }
        logger.warning(
            "You requested maxclients of \(wanted), but the limit of open files is enough for \(possible) only. "
                + "If you need higher maxclients increase 'ulimit -n'.")
        return "The operating system is not able to handle the specified number of clients, try with \(possible)"
    }

    // MARK: Listening

    /// Tells which sockets the loop accepts from.
    func setListening(_ sockets: [ListeningSocket], _ network: NetworkSettings) {
        state.withLock { state in
            state.listening = sockets
            state.network = network
        }
    }

    /// Sockets that the loop is to accept from instead of its TCP listeners.
    func takeReplacement() -> [ListeningSocket]? {
        state.withLock { state in
            guard let (sockets, network) = state.replacement else { return nil }
            state.listening = sockets
            state.network = network
            state.replacement = nil
            return sockets
        }
    }

    /// Opens the sockets that the settings ask for. The present ones give their addresses
    /// up meanwhile, and take them back when that fails or is undone.
    func listen(_ network: NetworkSettings) -> Bool {
        state.withLock { state in
            func follows(_ other: NetworkSettings) -> Bool { other.port == network.port && other.bind == network.bind }
            let (present, settings) = state.replacement ?? (state.listening, state.network)
            if follows(settings) { return true }
            for socket in present { socket.pause() }
            if state.replacement != nil, follows(state.network), resume(state.listening, state.network) {
                for socket in present { socket.close() }
                state.replacement = nil
                return true
            }
            do throws(Listening.Failure) {
                let sockets = try Listening.openTCP(network)
                for socket in state.replacement?.sockets ?? [] { socket.close() }
                state.replacement = (sockets, network)
                return true
            } catch {
                logger.warning("Warning: \(error.message)")
                if !resume(present, settings) { logger.warning("Can't listen on port \(settings.port) again.") }
                return false
            }
        }
    }

    private func resume(_ sockets: [ListeningSocket], _ network: NetworkSettings) -> Bool {
        sockets.filter { $0.resume(backlog: Int32(clamping: network.backlog)) != 0 }.isEmpty
    }
}
